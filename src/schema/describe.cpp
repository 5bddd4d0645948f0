#include "schema/describe.hpp"

namespace chat::schema::detail {

void write_object(std::string& out, const ObjectInfo& object, const void* value) {
  out += '{';
  bool first = true;
  for (std::size_t i = 0; i < object.size; ++i) {
    const FieldInfo& field = object.fields[i];
    const void* member = field.at(const_cast<void*>(value));  // `at` computes an address, nothing more
    if (field.type->omit && field.type->omit(member)) continue;
    if (!first) out += ',';
    first = false;
    // A C++ identifier needs no escape.
    out += '"';
    out += field.name;
    out += "\":";
    field.type->write(out, member);
  }
  out += '}';
}

}  // namespace chat::schema::detail
