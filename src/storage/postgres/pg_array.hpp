// PostgreSQL's binary format of one-dimensional arrays, as parameters: unnest($1), = ANY ($1).
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "storage/sql_connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chat::sql {

// Builds an array element by element; `value()` refers to this object's bytes.
class PgArray {
 public:
  static PgArray of_uuids() { return PgArray(2950, 2951); }
  static PgArray of_integers() { return PgArray(20, 1016); }
  static PgArray of_booleans() { return PgArray(16, 1000); }
  static PgArray of_texts() { return PgArray(25, 1009); }
  static PgArray of_times() { return PgArray(1184, 1185); }

  void add(const Uuid& id);
  void add(std::int64_t number);
  void add_boolean(bool truth);
  void add(std::string_view text);
  void add(Timestamp time);
  void add_null();
  template <class T>
  void add(const std::optional<T>& value) {
    value ? add(*value) : add_null();
  }
  Value value() const { return Value::binary(array_type_, bytes_); }
  std::int32_t size() const { return size_; }

 private:
  PgArray(std::uint32_t element_type, std::uint32_t array_type);
  void put32(std::uint32_t value);
  void begin_element(std::uint32_t bytes);
  void patch32(std::size_t at, std::uint32_t value);

  std::uint32_t array_type_;
  std::int32_t size_ = 0;
  std::string bytes_;
};

}  // namespace chat::sql
