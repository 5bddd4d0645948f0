#include "conformance/publication.hpp"

#include "base/json_scanner.hpp"
#include "base/json_text.hpp"
#include "conformance/fossil_delta.hpp"

namespace chat::conformance {

using namespace centrifuge;

bool is_json(std::string_view data) {
  JsonScanner in(data);
  return in.skip() && in.at_end();
}

Publication delta_coded(const Publication& publication, const std::string* base, Encoding encoding) {
  const bool json = encoding == Encoding::json;
  Publication coded = publication;
  if (base) {
    std::string delta = fossil_delta(*base, publication.data, /*whole_characters=*/json);
    if (delta.size() < publication.data.size()) {
      coded.data = std::move(delta);
      coded.delta = true;
    }
  }
  if (json) coded.data = json_string(coded.data);
  return coded;
}

}  // namespace chat::conformance
