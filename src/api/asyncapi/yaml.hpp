// YAML (1.2, block style) of a JSON document. Pure.
#pragma once

#include <string>
#include <string_view>

namespace chat::api {

// `json` must be valid. Members stay in their order; what YAML could read as anything but the string that it is stands
// in double quotes, and a text of several lines is a block of its own.
std::string yaml_of(std::string_view json);

}  // namespace chat::api
