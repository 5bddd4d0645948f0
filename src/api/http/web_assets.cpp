#include "api/http/web_assets.hpp"

#include <algorithm>

namespace chat::api {

const WebAsset* find_web_asset(std::string_view path) noexcept {
  if (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const auto all = web_assets();
  const auto found = std::find_if(all.begin(), all.end(), [&](const WebAsset& asset) { return asset.path == path; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace chat::api
