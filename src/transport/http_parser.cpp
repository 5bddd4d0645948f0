#include "transport/http_parser.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>

namespace chat::transport {

namespace http = boost::beast::http;

namespace {

constexpr std::string_view kBadCoding = "unsupported Transfer-Encoding";
constexpr std::string_view kBadLength = "malformed Content-Length";
constexpr std::string_view kSeveralLengths = "several Content-Length";
constexpr std::size_t kGrowsFreely = 16 * 1024;  // bytes of a body: few clients send what they announce beyond it

bool equal_without_case(std::string_view a, std::string_view lower_case) noexcept {
  return a.size() == lower_case.size() && std::equal(a.begin(), a.end(), lower_case.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? static_cast<char>(x + 32) : x) == y;
         });
}

// What Beast refuses is called what we would call it: it looks at these fields first. `before`: those that it passed.
std::string_view sentence_of(const boost::beast::error_code& ec, const HttpHeaders& before) noexcept {
  if (ec == http::error::bad_transfer_encoding) return kBadCoding;
  if (ec == http::error::multiple_content_length) return kSeveralLengths;
  if (ec != http::error::bad_content_length) return "malformed request";
  if (before.contains("transfer-encoding")) return kBadCoding;
  return before.contains("content-length") ? kSeveralLengths : kBadLength;
}

std::string_view view(boost::beast::string_view s) noexcept { return {s.data(), s.size()}; }

}  // namespace

// Beast's push parser for one complete head, with our containers behind it.
class HttpParser::Beast final : public http::basic_parser<true> {
 public:
  explicit Beast(HttpParser& owner) : owner_(owner) {
    header_limit(static_cast<std::uint32_t>(owner.limits_->head_bytes + 1));  // measured by our own scanner already
    body_limit(boost::none);
  }

  bool head_done() const noexcept { return head_done_; }

 private:
  using ErrorCode = boost::beast::error_code;
  using StringView = boost::beast::string_view;

  void on_request_impl(http::verb, StringView method, StringView target, int version, ErrorCode&) override {
    HttpRequest& request = owner_.request_;
    request.method_text = view(method);
    request.method = transport::parse_method(request.method_text);
    request.target = view(target);
    request.minor_version = static_cast<unsigned>(version % 10);
  }
  void on_response_impl(int, StringView, int, ErrorCode&) override {}
  void on_field_impl(http::field, StringView name, StringView value, ErrorCode&) override {
    owner_.request_.headers.add(view(name), view(value));
  }
  void on_header_impl(ErrorCode& ec) override {
    head_done_ = true;
    if (owner_.check_head() != 0) ec = http::error::bad_value;
  }
  // Bodies do not come here.
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(StringView bytes, ErrorCode&) override { return bytes.size(); }
  void on_chunk_header_impl(std::uint64_t, StringView, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, StringView bytes, ErrorCode&) override { return bytes.size(); }
  void on_finish_impl(ErrorCode&) override {}

  HttpParser& owner_;
  bool head_done_ = false;
};

HttpParser::HttpParser(const HttpLimits& limits) : limits_(&limits), scanner_(limits), chunks_(limits.trailer_bytes) {}
HttpParser::~HttpParser() = default;

void HttpParser::reset() {
  scanner_.reset();
  chunks_ = ChunkedBody(limits_->trailer_bytes);
  request_ = {};
  std::string().swap(request_.body);  // assignment would keep what a large one took
  body_limit_ = 0;
  body_left_ = 0;
  reason_ = {};
  error_ = 0;
  in_body_ = chunked_ = keep_alive_ = expects_continue_ = has_body_ = wants_websocket_ = false;
}

int HttpParser::refuse(int status, std::string_view reason) noexcept {
  if (error_ == 0) error_ = status, reason_ = reason;
  return error_;
}

HttpParser::Step HttpParser::failure() { return {Status::error, 0, error_, reason_}; }

HttpParser::Step HttpParser::parse(std::string_view bytes) {
  if (error_ != 0) return failure();
  return in_body_ ? parse_body(bytes) : parse_head(bytes);
}

HttpParser::Step HttpParser::parse_head(std::string_view bytes) {
  if (const int status = scanner_.feed(bytes.substr(scanner_.size()))) {
    refuse(status, status == 414   ? "request target too long"
                   : status == 431 ? "request head too large"
                   : status == 505 ? "HTTP version not supported"
                                   : "malformed request");
    return failure();
  }
  if (!scanner_.complete()) return {};
  const std::string_view head = bytes.substr(scanner_.skipped(), scanner_.size() - scanner_.skipped());
  Beast beast(*this);
  boost::beast::error_code ec;
  const std::size_t used = beast.put(boost::asio::buffer(head.data(), head.size()), ec);
  if (ec == http::error::need_more) ec = {};
  if (ec || used != head.size() || !beast.head_done()) {
    refuse(400, sentence_of(ec, request_.headers));
    return failure();
  }
  in_body_ = true;
  return {Status::head, scanner_.size(), 0, {}};
}

void HttpParser::read_method(std::string_view bytes) {
  if (in_body_ || !scanner_.method_known()) return;
  const std::string_view line = bytes.substr(scanner_.skipped());
  request_.method_text = line.substr(0, line.find(' '));
  request_.method = parse_method(request_.method_text);
}

HttpParser::Step HttpParser::parse_body(std::string_view bytes) {
  std::string_view rest = bytes;
  if (chunked_) {
    if (const int status = chunks_.feed(rest, request_.body, body_limit_)) {
      refuse(status, status == 413 ? "body too large" : "malformed chunk");
      return failure();
    }
  } else {
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, rest.size()));
    // Its length is known: a large one that grew by doubling would hold up to twice of it.
    std::string& body = request_.body;
    if (body.size() + part > kGrowsFreely && body.capacity() < body.size() + body_left_)
      body.reserve(body.size() + static_cast<std::size_t>(body_left_));
    body.append(rest.substr(0, part));
    rest.remove_prefix(part);
    body_left_ -= part;
  }
  const bool complete = chunked_ ? chunks_.complete() : body_left_ == 0;
  return {complete ? Status::complete : Status::need_more, bytes.size() - rest.size(), 0, {}};
}

void HttpParser::set_body_limit(std::size_t bytes) noexcept {
  body_limit_ = bytes;
  if (body_left_ > bytes) refuse(413, "body too large");
}

int HttpParser::check_head() {
  const HttpHeaders& headers = request_.headers;
  const bool old = request_.minor_version == 0;
  const std::size_t hosts = headers.count("host");
  if (hosts > 1 || (hosts == 0 && !old)) return refuse(400, "exactly one Host is needed");
  if (hosts == 1 && !valid_host(*headers.find("host"))) return refuse(400, "malformed Host");
  if (check_framing() != 0 || check_target() != 0) return error_;
  for (const auto expectation : headers.tokens("expect")) {
    if (!equal_without_case(expectation, "100-continue")) return refuse(417, "unknown expectation");
    expects_continue_ = !old;
  }
  keep_alive_ = !headers.has_token("connection", "close") && (!old || headers.has_token("connection", "keep-alive"));
  // RFC 9110, 7.8: what an HTTP/1.0 client says of it is ignored.
  wants_websocket_ = !old && headers.has_token("upgrade", "websocket") && headers.has_token("connection", "upgrade");
  return 0;
}

// How long the body is must have one answer only (RFC 9112, 6.3 and 11.2).
int HttpParser::check_framing() {
  const HttpHeaders& headers = request_.headers;
  const std::size_t codings = headers.count("transfer-encoding");
  const std::size_t lengths = headers.count("content-length");
  if (codings != 0) {
    if (codings > 1 || lengths != 0 || request_.minor_version == 0 ||
        !equal_without_case(*headers.find("transfer-encoding"), "chunked"))
      return refuse(400, kBadCoding);
    has_body_ = chunked_ = true;
  }
  if (lengths > 1) return refuse(400, kSeveralLengths);
  if (lengths == 1) {
    const std::string_view text = *headers.find("content-length");
    constexpr std::size_t kDigits = 18;  // fits 64 bits
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.empty() || text.size() > kDigits || !std::all_of(text.begin(), text.end(), digit))
      return refuse(400, kBadLength);
    for (const char c : text) body_left_ = body_left_ * 10 + static_cast<std::uint64_t>(c - '0');
    has_body_ = body_left_ != 0;
  }
  return 0;
}

// Origin-form; absolute-form if it names this host; "*" for OPTIONS. The target is stored in origin-form.
int HttpParser::check_target() {
  if (request_.method_text == "CONNECT") return refuse(400, "CONNECT is not supported");
  std::string& target = request_.target;
  if (target == "*" && request_.method == Method::options) {
    request_.path = {"*"};
    return 0;
  }
  if (target.front() != '/') {
    const std::size_t scheme = target.find("://");
    const std::string_view text = target;
    if (scheme == std::string::npos ||
        (!equal_without_case(text.substr(0, scheme), "http") && !equal_without_case(text.substr(0, scheme), "https")))
      return refuse(400, "malformed request target");
    const std::size_t path = text.find_first_of("/?", scheme + 3);
    std::string authority(text.substr(scheme + 3, path == std::string::npos ? path : path - scheme - 3));
    const auto lower = [](std::string s) {
      for (char& c : s) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      return s;
    };
    const auto host = request_.headers.find("host");
    if (!host || lower(authority) != lower(std::string(*host))) return refuse(400, "request target is elsewhere");
    std::string rest(path == std::string::npos ? std::string_view() : text.substr(path));
    if (rest.empty() || rest.front() != '/') rest.insert(rest.begin(), '/');
    target = std::move(rest);
  }
  auto segments = decode_path(request_.raw_path());
  const std::size_t question = target.find('?');
  auto pairs =
      decode_query(question == std::string::npos ? std::string_view() : std::string_view(target).substr(question + 1));
  if (!segments || !pairs) return refuse(400, "malformed escape in the request target");
  request_.path = std::move(*segments);
  request_.query = std::move(*pairs);
  return 0;
}

}  // namespace chat::transport
