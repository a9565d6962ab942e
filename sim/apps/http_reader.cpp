#include "sim/apps/http_reader.h"

#include <algorithm>
#include <charconv>

namespace lvslab::apps {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

template <class Int>
std::optional<Int> whole_number(std::string_view text, int base) {
  Int value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool http_same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::string_view> http_header(std::string_view headers, std::string_view name) {
  while (!headers.empty()) {
    const std::size_t end = std::min(headers.find('\n'), headers.size());
    const std::string_view line = headers.substr(0, end);
    headers.remove_prefix(std::min(end + 1, headers.size()));
    const std::size_t colon = line.find(':');
    if (colon == name.size() && http_same(line.substr(0, colon), name)) {
      return trimmed(line.substr(colon + 1));
    }
  }
  return std::nullopt;
}

bool http_has_token(std::string_view value, std::string_view token) {
  while (!value.empty()) {
    const std::size_t comma = std::min(value.find(','), value.size());
    if (http_same(trimmed(value.substr(0, comma)), token)) return true;
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
  return false;
}

void HttpReader::begin(bool head_request) {
  std::string head = std::move(head_);
  head.clear();
  *this = {};
  head_ = std::move(head);  // keeps its room
  head_request_ = head_request;
}

std::size_t HttpReader::feed(std::string_view data, std::string& body) {
  switch (state_) {
    case State::kHead: return feed_head(data);
    case State::kBody: return feed_body(data, body);
    case State::kDone:
    case State::kBroken: return 0;
  }
  return 0;
}

std::size_t HttpReader::feed_head(std::string_view data) {
  std::size_t used = 0;
  while (used < data.size()) {
    const std::size_t end = data.find('\n', used);
    const std::size_t stop = end == std::string_view::npos ? data.size() : end + 1;
    head_ += data.substr(used, stop - used);
    used = stop;
    if (head_.size() > kMaxHead) {
      state_ = State::kBroken;
      return used;
    }
    if (end == std::string_view::npos) continue;
    if (head_.ends_with("\n\r\n") || head_.ends_with("\n\n")) {
      parse_head();
      return used;
    }
  }
  return used;
}

void HttpReader::parse_head() {
  const std::string_view head = head_;
  const std::size_t line_end = head.find('\n');
  const std::string_view line = trimmed(head.substr(0, line_end));
  // "HTTP/1.1 200 OK"
  const auto code = line.size() >= 12 ? whole_number<int>(line.substr(9, 3), 10) : std::nullopt;
  if (!line.starts_with("HTTP/1.") || line[8] != ' ' || !code || *code < 100) {
    state_ = State::kBroken;
    return;
  }
  status_ = *code;
  version_ = line[7] == '0' ? 10 : 11;
  interpret_headers(head.substr(line_end + 1));
}

void HttpReader::interpret_headers(std::string_view headers) {
  const std::string_view connection = http_header(headers, "Connection").value_or("");
  keep_alive_ = version_ == 11 ? !http_has_token(connection, "close")
                               : http_has_token(connection, "keep-alive");
  if (const auto length = http_header(headers, "Content-Length")) {
    content_length_ = whole_number<std::uint64_t>(*length, 10);
    if (!content_length_) {
      state_ = State::kBroken;
      return;
    }
  }
  if (status_ < 200) {  // an interim response: the real one follows
    const bool head_request = head_request_;
    begin(head_request);
    return;
  }
  if (head_request_ || status_ == 204 || status_ == 304) {
    state_ = State::kDone;
    return;
  }
  state_ = State::kBody;
  if (http_has_token(http_header(headers, "Transfer-Encoding").value_or(""), "chunked")) {
    content_length_.reset();
    chunk_ = Chunk::kSize;
  } else if (content_length_ == 0U) {
    state_ = State::kDone;
  } else if (!content_length_) {
    keep_alive_ = false;  // the end of the connection is the end of the body
  }
}

std::size_t HttpReader::feed_body(std::string_view data, std::string& body) {
  if (chunk_ != Chunk::kNone) return feed_chunked(data, body);
  std::size_t take = data.size();
  if (content_length_) {
    take =
        static_cast<std::size_t>(std::min<std::uint64_t>(take, *content_length_ - body_received_));
  }
  body += data.substr(0, take);
  body_received_ += take;
  if (content_length_ && body_received_ == *content_length_) state_ = State::kDone;
  return take;
}

std::size_t HttpReader::feed_chunked(std::string_view data, std::string& body) {
  std::size_t used = 0;
  while (used < data.size() && state_ == State::kBody) {
    if (chunk_ == Chunk::kData) {
      const auto take =
          static_cast<std::size_t>(std::min<std::uint64_t>(data.size() - used, chunk_left_));
      body += data.substr(used, take);
      body_received_ += take;
      used += take;
      chunk_left_ -= take;
      if (chunk_left_ == 0) chunk_ = Chunk::kDataEnd;
      continue;
    }
    const char c = data[used++];
    if (c != '\n') {
      line_ += c;
      if (line_.size() > kMaxHead) state_ = State::kBroken;
      continue;
    }
    end_chunk_line();
    line_.clear();
  }
  return used;
}

void HttpReader::end_chunk_line() {
  const std::string_view line = trimmed(line_);
  if (chunk_ == Chunk::kDataEnd) {
    chunk_ = Chunk::kSize;
    if (!line.empty()) state_ = State::kBroken;
    return;
  }
  if (chunk_ == Chunk::kTrailer) {
    if (line.empty()) state_ = State::kDone;
    return;
  }
  const auto size = whole_number<std::uint64_t>(trimmed(line.substr(0, line.find(';'))), 16);
  if (!size) {
    state_ = State::kBroken;
    return;
  }
  chunk_left_ = *size;
  chunk_ = *size == 0 ? Chunk::kTrailer : Chunk::kData;
}

HttpReader::State HttpReader::end() {
  if (state_ == State::kBody && chunk_ == Chunk::kNone && !content_length_) state_ = State::kDone;
  return state_;
}

}  // namespace lvslab::apps
