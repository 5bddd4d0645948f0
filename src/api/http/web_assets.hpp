// The web pages that are compiled into the binary (web/docs and Swagger UI; the table is made by
// cmake/embed_web.cmake).
#pragma once

#include <span>
#include <string_view>

namespace chat::api {

// One embedded file. Everything lives as long as the process.
struct WebAsset {
  std::string_view path;          // what a client asks for: "/docs", "/docs/swagger-ui.css"
  std::string_view content_type;  // with its charset
  std::string_view bytes;         // the file as it is
  std::string_view gzip;          // the same, for a client that accepts gzip
  std::string_view etag;          // strong, quoted; of `bytes`: an answer with `gzip` needs `Vary: Accept-Encoding`
};

std::span<const WebAsset> web_assets() noexcept;

// The asset at `path` (a trailing slash makes no difference), or null.
const WebAsset* find_web_asset(std::string_view path) noexcept;

// What a page of ours may load: nothing from any other host, no inline script, no plugin, no frame around it.
// Swagger UI draws its icons as data: images and sets styles on elements.
inline constexpr std::string_view kDocsContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

}  // namespace chat::api
