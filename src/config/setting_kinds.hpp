// The kinds of settings that settings_table.cpp is written in. Inside config only.
#pragma once

#include "config/load.hpp"

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace chat::setting {

struct Definition {
  SettingInfo info;
  // Takes a value (not empty), or answers how it should be written: "write a whole number from 1 to 9".
  std::function<std::optional<std::string>(Settings&, std::string_view)> read;
  std::function<std::string(const Settings&)> write;
};

using Ms = std::chrono::milliseconds;

// What every kind is made with.
struct About {
  const char* name;
  const char* description;
};

Definition text(About about, std::string Settings::*member, bool secret = false);
Definition number(About about, int Settings::*member, int min, int max, const char* unit);
Definition decimal(About about, std::function<double&(Settings&)> member, double min, double max, const char* unit);
Definition size(About about, std::size_t Settings::*member, std::size_t min, std::size_t max);
Definition duration(About about, Ms Settings::*member, Ms min, Ms max);  // a plain number is in seconds
Definition on_off(About about, bool Settings::*member);
Definition choice(About about, std::string Settings::*member, std::initializer_list<const char*> values);

Definition listen(About about);
Definition database_url(About about);
Definition origins(About about);
Definition networks(About about);

}  // namespace chat::setting

namespace chat {

// Every setting, in the order of the documentation.
const std::vector<setting::Definition>& setting_table();

}  // namespace chat
