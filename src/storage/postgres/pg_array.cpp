#include "storage/postgres/pg_array.hpp"

namespace chat::sql {
namespace {
constexpr std::int64_t kMicrosTo2000 = 946'684'800'000'000;
constexpr std::size_t kHasNullAt = 4, kSizeAt = 12;  // in the header: dimensions, has null, type, size, lower bound
}  // namespace

PgArray::PgArray(std::uint32_t element_type, std::uint32_t array_type) : array_type_(array_type) {
  put32(1);
  put32(0);
  put32(element_type);
  put32(0);
  put32(1);
}

void PgArray::put32(std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes_.push_back(static_cast<char>(value >> shift));
}

void PgArray::patch32(std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) bytes_[at + i] = static_cast<char>(value >> (24 - 8 * i));
}

void PgArray::begin_element(std::uint32_t bytes) {
  patch32(kSizeAt, static_cast<std::uint32_t>(++size_));
  put32(bytes);
}

void PgArray::add(const Uuid& id) {
  begin_element(16);
  bytes_.append(reinterpret_cast<const char*>(id.bytes.data()), 16);
}

void PgArray::add(std::int64_t number) {
  begin_element(8);
  put32(static_cast<std::uint32_t>(static_cast<std::uint64_t>(number) >> 32));
  put32(static_cast<std::uint32_t>(number));
}

void PgArray::add(std::string_view text) {
  begin_element(static_cast<std::uint32_t>(text.size()));
  bytes_.append(text);
}

void PgArray::add_boolean(bool truth) {
  begin_element(1);
  bytes_.push_back(static_cast<char>(truth));
}

void PgArray::add(Timestamp time) { add(time.time_since_epoch().count() - kMicrosTo2000); }

void PgArray::add_null() {
  begin_element(0xffffffff);
  patch32(kHasNullAt, 1);
}

}  // namespace chat::sql
