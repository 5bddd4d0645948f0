#include "config/setting_kinds.hpp"

#include "config/units.hpp"

#include <algorithm>
#include <cstdio>

namespace chat::setting {
namespace {

using Fault = std::optional<std::string>;

Definition make(About about, std::string type, std::string unit, std::string range) {
  Definition d;
  d.info.name = about.name;
  d.info.description = about.description;
  d.info.type = std::move(type);
  d.info.unit = std::move(unit);
  d.info.range = std::move(range);
  return d;
}

std::string decimal_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split_list(std::string_view text) {
  std::vector<std::string_view> items;
  while (!text.empty()) {
    const auto comma = text.find(',');
    if (const auto item = trim(text.substr(0, comma)); !item.empty()) items.push_back(item);
    if (comma == text.npos) break;
    text.remove_prefix(comma + 1);
  }
  return items;
}

// "https://host[:port]" in lower case, as browsers write Origin; the default port left out as they do.
std::optional<std::string> origin_of(std::string_view item) {
  std::string origin(item);
  std::transform(origin.begin(), origin.end(), origin.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const auto colon = origin.find("://");
  if (colon == origin.npos || colon == 0) return std::nullopt;
  const auto host = std::string_view(origin).substr(colon + 3);
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':' || c == '[' ||
           c == ']' || c == '_';
  };
  if (host.empty() || host.front() == ':' || !std::all_of(host.begin(), host.end(), allowed)) return std::nullopt;
  for (const auto& [scheme, port] : {std::pair<std::string_view, std::string_view>{"http", ":80"}, {"https", ":443"}}) {
    if (origin.compare(0, colon, scheme) == 0 && host.ends_with(port)) origin.resize(origin.size() - port.size());
  }
  return origin;
}

std::optional<ListenAddress> listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  auto host = text.substr(0, colon);
  const auto port = parse_integer(text.substr(colon + 1));
  if (!port || *port < 0 || *port > 65535 || text[colon + 1] == '+' || text[colon + 1] == '-') return std::nullopt;
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  ListenAddress address;
  address.port = static_cast<std::uint16_t>(*port);
  address.host = host == "localhost" ? "127.0.0.1" : std::string(host);
  const bool v6 = address.host.find(':') != std::string::npos;
  if (v6 != brackets || !IpAddress::parse(address.host)) return std::nullopt;
  return address;
}

}  // namespace

Definition text(About about, std::string Settings::*member, bool secret) {
  auto d = make(about, "text", "", "");
  d.info.secret = secret;
  d.read = [member](Settings& s, std::string_view v) -> Fault {
    s.*member = v;
    return {};
  };
  d.write = [member](const Settings& s) { return s.*member; };
  return d;
}

Definition number(About about, int Settings::*member, int min, int max, const char* unit) {
  const auto range = std::to_string(min) + " to " + std::to_string(max);
  auto d = make(about, "number", unit, range);
  d.read = [=](Settings& s, std::string_view v) -> Fault {
    const auto value = parse_integer(v);
    if (!value || *value < min || *value > max) return "write a whole number from " + range;
    s.*member = static_cast<int>(*value);
    return {};
  };
  d.write = [member](const Settings& s) { return std::to_string(s.*member); };
  return d;
}

Definition decimal(About about, std::function<double&(Settings&)> member, double min, double max, const char* unit) {
  const auto range = decimal_text(min) + " to " + decimal_text(max);
  auto d = make(about, "decimal", unit, range);
  d.read = [=](Settings& s, std::string_view v) -> Fault {
    const auto value = parse_decimal(v);
    if (!value || *value < min || *value > max) return "write a number from " + range;
    member(s) = *value;
    return {};
  };
  d.write = [member](const Settings& s) {
    auto copy = s;
    return decimal_text(member(copy));
  };
  return d;
}

Definition size(About about, std::size_t Settings::*member, std::size_t min, std::size_t max) {
  const auto range = write_size(min) + " to " + write_size(max);
  auto d = make(about, "size", "bytes", range);
  d.read = [=](Settings& s, std::string_view v) -> Fault {
    const auto value = parse_size(v);
    if (!value || *value < min || *value > max) return "write a size from " + range + ", such as 65536 or 64KiB";
    s.*member = *value;
    return {};
  };
  d.write = [member](const Settings& s) { return write_size(s.*member); };
  return d;
}

Definition duration(About about, Ms Settings::*member, Ms min, Ms max) {
  const auto range = write_duration(min) + " to " + write_duration(max);
  auto d = make(about, "duration", "seconds", range);
  d.read = [=](Settings& s, std::string_view v) -> Fault {
    const auto value = parse_duration(v, std::chrono::seconds(1));
    if (!value || *value < min || *value > max) return "write a time from " + range + ", such as 10s, 500ms or 5m";
    s.*member = *value;
    return {};
  };
  d.write = [member](const Settings& s) { return write_duration(s.*member); };
  return d;
}

Definition on_off(About about, bool Settings::*member) {
  auto d = make(about, "on or off", "", "");
  d.read = [member](Settings& s, std::string_view v) -> Fault {
    const auto value = parse_switch(v);
    if (!value) return "write on or off";
    s.*member = *value;
    return {};
  };
  d.write = [member](const Settings& s) { return std::string(s.*member ? "on" : "off"); };
  return d;
}

Definition choice(About about, std::string Settings::*member, std::initializer_list<const char*> values) {
  std::vector<std::string> allowed(values.begin(), values.end());
  std::string range;
  for (const auto& value : allowed) range += (range.empty() ? "" : ", ") + value;
  auto d = make(about, "one of", "", range);
  d.read = [=](Settings& s, std::string_view v) -> Fault {
    if (std::find(allowed.begin(), allowed.end(), v) == allowed.end()) return "write one of " + range;
    s.*member = v;
    return {};
  };
  d.write = [member](const Settings& s) { return s.*member; };
  return d;
}

Definition listen(About about) {
  auto d = make(about, "address", "", "host:port");
  d.read = [](Settings& s, std::string_view v) -> Fault {
    const auto address = listen_address(v);
    if (!address) return "write an IP address and a port, such as 127.0.0.1:8000, 0.0.0.0:8000 or [::1]:8000";
    s.listen = *address;
    return {};
  };
  d.write = [](const Settings& s) {
    const bool v6 = s.listen.host.find(':') != std::string::npos;
    return (v6 ? "[" + s.listen.host + "]" : s.listen.host) + ":" + std::to_string(s.listen.port);
  };
  return d;
}

Definition database_url(About about) {
  auto d = make(about, "URL", "", "");
  d.info.secret = true;  // it holds a password
  d.read = [](Settings& s, std::string_view v) -> Fault {
    auto url = DatabaseUrl::parse(v);
    if (!url) return url.error().message;
    s.database_url = std::move(*url);
    s.database_url_text = v;
    return {};
  };
  d.write = [](const Settings& s) { return s.database_url_text; };
  return d;
}

Definition origins(About about) {
  auto d = make(about, "list", "", "");
  d.read = [](Settings& s, std::string_view v) -> Fault {
    s.allowed_origins.clear();
    const auto items = split_list(v);
    if (items.size() == 1 && items[0] == "*") return {};
    for (const auto item : items) {
      auto origin = origin_of(item);
      if (!origin) return "write origins such as https://chat.example.com, separated by commas, or * for any";
      s.allowed_origins.push_back(std::move(*origin));
    }
    return {};
  };
  d.write = [](const Settings& s) {
    std::string out;
    for (const auto& origin : s.allowed_origins) out += (out.empty() ? "" : ",") + origin;
    return out;
  };
  return d;
}

Definition networks(About about) {
  auto d = make(about, "list", "", "");
  d.read = [](Settings& s, std::string_view v) -> Fault {
    s.trusted_proxies.clear();
    for (const auto item : split_list(v)) {
      const auto network = IpNetwork::parse(item);
      if (!network) return "write addresses or networks such as 10.0.0.5 or 10.0.0.0/8, separated by commas";
      s.trusted_proxies.push_back(*network);
    }
    return {};
  };
  d.write = [](const Settings& s) {
    std::string out;
    for (const auto& n : s.trusted_proxies) {
      out += (out.empty() ? "" : ",") + n.base.str() + "/" + std::to_string(n.base.is_v4() ? n.prefix - 96 : n.prefix);
    }
    return out;
  };
  return d;
}

}  // namespace chat::setting
