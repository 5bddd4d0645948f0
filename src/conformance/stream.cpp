#include "conformance/stream.hpp"

#include <algorithm>

namespace chat::conformance {

using namespace centrifuge;

const Publication& Stream::append(std::string data, std::optional<ClientInfo> info) {
  Publication publication;
  publication.data = std::move(data);
  publication.info = std::move(info);
  publication.offset = ++top_;
  kept_.push_back(std::move(publication));
  if (kept_.size() > limit_) kept_.pop_front();
  return kept_.back();
}

std::optional<std::vector<Publication>> Stream::after(const StreamPosition& position, std::size_t max_bytes) const {
  if (!position.epoch.empty() && position.epoch != epoch_) return std::nullopt;
  if (position.offset > top_ || top_ - position.offset > kept_.size()) return std::nullopt;
  const auto missed = static_cast<std::ptrdiff_t>(top_ - position.offset);
  std::size_t bytes = 0;
  for (auto it = kept_.end() - missed; it != kept_.end(); ++it) bytes += it->data.size();
  if (bytes > max_bytes) return std::nullopt;
  return std::vector<Publication>(kept_.end() - missed, kept_.end());
}

Stream::Page Stream::page(const HistoryRequest& request, std::size_t max_bytes) const {
  Page page;
  if (request.since) {
    if (!request.since->epoch.empty() && request.since->epoch != epoch_)
      page.error = ErrorCode::unrecoverable_position;
    else if (request.reverse && request.since->offset == 0)
      page.error = ErrorCode::bad_request;
    if (page.error) return page;
  }
  const auto most = request.limit < 0 ? kept_.size() : static_cast<std::size_t>(request.limit);
  std::size_t bytes = 0;
  const auto take = [&](const Publication& publication) {
    if (page.publications.size() >= most) return false;
    bytes += publication.data.size();
    if (bytes > max_bytes && !page.publications.empty()) return false;
    page.publications.push_back(publication);
    return true;
  };
  // Of those that lie on the asked side of the position, the nearest first.
  if (request.reverse) {
    const auto begin = std::find_if(kept_.rbegin(), kept_.rend(), [&](const Publication& publication) {
      return !request.since || publication.offset < request.since->offset;
    });
    (void)std::find_if_not(begin, kept_.rend(), take);
  } else {
    const auto begin = std::find_if(kept_.begin(), kept_.end(), [&](const Publication& publication) {
      return !request.since || publication.offset > request.since->offset;
    });
    (void)std::find_if_not(begin, kept_.end(), take);
  }
  return page;
}

}  // namespace chat::conformance
