#include "base/ip_address.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>

namespace chat {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// One entry of X-Forwarded-For: an address, which some proxies write with brackets or a port.
std::optional<IpAddress> parse_forwarded(std::string_view entry) {
  entry = trim(entry);
  if (!entry.empty() && entry.front() == '[') {
    const auto end = entry.find(']');
    return end == std::string_view::npos ? std::nullopt : IpAddress::parse(entry.substr(1, end - 1));
  }
  if (std::count(entry.begin(), entry.end(), ':') == 1) entry = entry.substr(0, entry.find(':'));
  return IpAddress::parse(entry);
}

}  // namespace

bool IpAddress::is_v4() const noexcept { return std::equal(kMapped.begin(), kMapped.end(), bytes.begin()); }

std::string IpAddress::str() const {
  char text[INET6_ADDRSTRLEN] = {};
  const bool v4 = is_v4();
  inet_ntop(v4 ? AF_INET : AF_INET6, bytes.data() + (v4 ? 12 : 0), text, sizeof text);
  return text;
}

std::string IpAddress::limit_key() const {
  if (is_v4()) return str();
  IpAddress network = *this;
  std::fill(network.bytes.begin() + 8, network.bytes.end(), std::uint8_t{0});
  return network.str() + "/64";
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) noexcept {
  char copy[INET6_ADDRSTRLEN + 1] = {};
  if (text.empty() || text.size() >= sizeof copy || text.find('\0') != text.npos) return std::nullopt;
  std::memcpy(copy, text.data(), text.size());
  IpAddress address;
  if (inet_pton(AF_INET, copy, address.bytes.data() + 12) == 1) {
    std::copy(kMapped.begin(), kMapped.end(), address.bytes.begin());
    return address;
  }
  if (inet_pton(AF_INET6, copy, address.bytes.data()) == 1) return address;
  return std::nullopt;
}

bool IpNetwork::contains(const IpAddress& address) const noexcept {
  for (int bit = 0; bit < prefix; bit += 8) {
    const auto i = static_cast<std::size_t>(bit / 8);
    const int kept = std::min(8, prefix - bit);
    const auto mask = static_cast<std::uint8_t>(0xFF00 >> kept);
    if (((address.bytes[i] ^ base.bytes[i]) & mask) != 0) return false;
  }
  return true;
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) noexcept {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  IpNetwork network{*address, 128};
  if (slash == text.npos) return network;
  const auto digits = text.substr(slash + 1);
  int prefix = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
  const bool dotted = text.substr(0, slash).find(':') == text.npos;
  if (error != std::errc() || end != digits.data() + digits.size() || prefix < 0 || prefix > (dotted ? 32 : 128)) {
    return std::nullopt;
  }
  network.prefix = prefix + (dotted ? 96 : 0);
  IpAddress rest = *address;
  for (int bit = network.prefix; bit < 128; ++bit) {
    if ((rest.bytes[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8)) & 1) return std::nullopt;
  }
  return network;
}

IpAddress client_address(const IpAddress& peer, std::string_view x_forwarded_for,
                         std::span<const IpNetwork> trusted_proxies) {
  const auto trusted = [&](const IpAddress& a) {
    return std::any_of(trusted_proxies.begin(), trusted_proxies.end(), [&](const auto& n) { return n.contains(a); });
  };
  IpAddress client = peer;
  auto left = x_forwarded_for;
  while (trusted(client) && !left.empty()) {
    const auto comma = left.rfind(',');
    const auto entry = parse_forwarded(comma == left.npos ? left : left.substr(comma + 1));
    if (!entry) break;
    client = *entry;
    left = comma == left.npos ? std::string_view{} : left.substr(0, comma);
  }
  return client;
}

}  // namespace chat
