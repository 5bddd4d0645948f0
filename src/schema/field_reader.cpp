// Forms, queries and paths into a struct.
#include "base/json_text.hpp"
#include "base/utf8.hpp"
#include "schema/fault_list.hpp"
#include "schema/scalars.hpp"
#include "schema/schema.hpp"

#include <limits>

namespace chat::schema::detail {
namespace {

class FieldReader {
 public:
  FieldReader(std::span<const std::pair<std::string, std::string>> pairs, Where where, FaultList& faults)
      : pairs_(pairs), where_(where), faults_(faults) {}

  void read(const FieldInfo& field, void* object) {
    std::vector<const std::string*> values;
    for (const auto& [name, value] : pairs_) {
      if (name == field.name && !(where_ == Where::body && value.empty())) values.push_back(&value);
    }
    if (values.empty()) {
      if (field.type->required) faults_.missing(loc_of(field));
      return;
    }
    void* target = field.at(object);
    const TypeOps* type = unwrap(field.type, target);
    if (type->kind != TypeOps::Kind::array) {
      read_value(type, target, *values[0], loc_of(field));
      if (values.size() > 1) {
        refuse(*type, loc_of(field), value_error("the field occurs more than once"), *values[1]);
      }
      return;
    }
    type->clear(target);
    for (std::size_t i = 0; i < values.size(); ++i) {
      Loc loc = loc_of(field);
      loc.emplace_back(static_cast<std::int64_t>(i));
      read_value(type->inner, type->open(target), *values[i], std::move(loc));
    }
  }

 private:
  // Opens every optional and default around a value.
  static const TypeOps* unwrap(const TypeOps* type, void*& target) {
    while (type->kind == TypeOps::Kind::wrapper) {
      target = type->open(target);
      type = type->inner;
    }
    return type;
  }

  Loc loc_of(const FieldInfo& field) const { return {std::string(to_string(where_)), std::string(field.name)}; }

  void refuse(const TypeOps& type, Loc loc, Issue issue, const std::string& value) {
    if (holds_secret(type) || !is_utf8(value)) issue.show_input = false;
    faults_.add(std::move(loc), std::move(issue), json_string(value));
  }

  void read_value(const TypeOps* type, void* target, const std::string& value, Loc loc) {
    type = unwrap(type, target);
    if (type->kind != TypeOps::Kind::scalar) return refuse(*type, std::move(loc), wrong_kind(*type), value);
    Scalar in;
    in.kind = Scalar::Kind::string;
    in.text = value;
    in.bad_unicode = !is_utf8(value);
    Issue issue;
    if (!type->read(target, in, issue)) refuse(*type, std::move(loc), std::move(issue), value);
  }

  std::span<const std::pair<std::string, std::string>> pairs_;
  Where where_;
  FaultList& faults_;
};

}  // namespace

void read_fields(std::span<const std::pair<std::string, std::string>> pairs, Where where, const ObjectInfo& object,
                 void* target, const Limits& limits, std::vector<Fault>& faults) {
  FaultList list(faults, limits);
  FieldReader reader(pairs, where, list);
  for (std::size_t i = 0; i < object.size; ++i) reader.read(object.fields[i], target);
}

}  // namespace chat::schema::detail
