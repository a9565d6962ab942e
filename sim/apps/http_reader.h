// Reads HTTP/1.x responses from a byte stream in pieces of any size, as a client sees them.
//
// Models: status line, headers, bodies by Content-Length, chunked, or up to the end of the
// connection; responses without a body (HEAD, 1xx, 204, 304). Left out: trailers are skipped,
// several responses in one piece are read one by one. Source: RFC 9112 §4, §6, §7.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lvslab::apps {

/// The value of the first header `name` in a block of header lines; nothing if it is not there.
std::optional<std::string_view> http_header(std::string_view headers, std::string_view name);
/// True if the comma list `value` holds `token`, in any case.
bool http_has_token(std::string_view value, std::string_view token);
/// Without blanks, tabs and carriage returns at both ends.
std::string_view trimmed(std::string_view text);
/// Equal but for the case of ASCII letters.
bool http_same(std::string_view a, std::string_view b);

class HttpReader {
 public:
  enum class State : std::uint8_t { kHead, kBody, kDone, kBroken };

  /// Forgets everything; the next byte begins a response. `head_request`: no body will follow.
  void begin(bool head_request);

  /// Takes bytes from the front of `data` up to the end of the header block, or of the response,
  /// and appends body bytes to `body`. The number of bytes used; call again while state() changes.
  std::size_t feed(std::string_view data, std::string& body);
  /// The connection ended. kDone if that ends the response properly.
  State end();

  State state() const { return state_; }
  bool started() const { return !head_.empty(); }
  /// The status line and the headers with their blank line, once state() is past kHead.
  std::string_view head() const { return head_; }
  int status() const { return status_; }
  int version() const { return version_; }  ///< 10 or 11
  std::optional<std::uint64_t> content_length() const { return content_length_; }
  std::uint64_t body_received() const { return body_received_; }
  /// The server means to keep the connection after this response.
  bool keep_alive() const { return keep_alive_; }

 private:
  enum class Chunk : std::uint8_t { kNone, kSize, kData, kDataEnd, kTrailer };
  /// The longest header block that is read.
  static constexpr std::size_t kMaxHead = 102'400;

  void parse_head();
  void interpret_headers(std::string_view headers);
  std::size_t feed_head(std::string_view data);
  std::size_t feed_body(std::string_view data, std::string& body);
  std::size_t feed_chunked(std::string_view data, std::string& body);
  void end_chunk_line();

  State state_ = State::kHead;
  bool head_request_ = false, keep_alive_ = false;
  Chunk chunk_ = Chunk::kNone;
  int status_ = 0, version_ = 0;
  std::optional<std::uint64_t> content_length_;
  std::uint64_t body_received_ = 0;
  std::uint64_t chunk_left_ = 0;
  std::string head_;
  std::string line_;  ///< of a chunk's size or of a trailer
};

}  // namespace lvslab::apps
