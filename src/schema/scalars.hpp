// From one scalar to a C++ value, with pydantic's rules (its lax mode) and sentences. Not templates: compiled once.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "schema/type_ops.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace chat::schema {

enum class LengthUnit { characters, bytes };
struct TextRule {
  std::size_t min = 0, max = SIZE_MAX;
  LengthUnit unit = LengthUnit::characters;
  bool visible = false;  // at least one visible character
};

// Text without NUL, within the rule.
bool read_text(std::string& out, const Scalar& in, const TextRule& rule, Issue& issue);
bool read_secret(std::string& out, const Scalar& in, const TextRule& rule, Issue& issue);
bool read_email(std::string& out, const Scalar& in, Issue& issue);
// Integers, whole floats, booleans and integers in strings, as pydantic.
bool read_int(std::int64_t& out, const Scalar& in, std::int64_t min, std::int64_t max, Issue& issue);
// Never infinite, never NaN.
bool read_double(double& out, const Scalar& in, Issue& issue);
// Of a text with the grammar of a JSON number; infinite when it is too large, 0 when too small.
double double_of_text(std::string_view text) noexcept;
bool read_bool(bool& out, const Scalar& in, Issue& issue);
bool read_uuid(Uuid& out, const Scalar& in, Issue& issue);
bool read_timestamp(Timestamp& out, const Scalar& in, Issue& issue);
// The index of the choice.
bool read_choice(std::size_t& out, const Scalar& in, const std::string_view* choices, std::size_t size, Issue& issue);
bool check_exactly(std::string_view only, const Scalar& in, Issue& issue);

// What stands where a container should, and the reverse.
Issue wrong_kind(const TypeOps& expected);
Issue value_error(std::string_view sentence);
Issue not_unicode();

// Appends {"type":"string",...}.
void text_schema(std::string& out, const TextRule& rule, std::string_view format = {});
void int_schema(std::string& out, std::int64_t min, std::int64_t max);
void choice_schema(std::string& out, const std::string_view* choices, std::size_t size);

}  // namespace chat::schema
