// JSON laid out as iproute2 writes it: one line, or indented by four with -p.
//
// Models: lib/json_writer.c of iproute2 6.1, byte for byte. Leaves out: floating point, null.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lvslab::command {

class JsonWriter {
 public:
  explicit JsonWriter(bool pretty) : pretty_(pretty) {}

  void begin_object() { begin('{'); }
  void begin_object(std::string_view key) {
    name(key);
    begin('{');
  }
  void end_object() { end('}'); }
  void begin_array() {
    begin('[');
    if (pretty_) text_ += ' ';
  }
  void begin_array(std::string_view key) {
    name(key);
    begin_array();
  }
  void end_array() {
    if (pretty_ && separator_) text_ += ' ';
    separator_ = false;
    end(']');
  }
  void field(std::string_view key, std::string_view value) {
    name(key);
    item(value);
  }
  void number(std::string_view key, std::uint64_t value) {
    name(key);
    separate();
    text_ += std::to_string(value);
  }
  void boolean(std::string_view key, bool value) {
    name(key);
    separate();
    text_ += value ? "true" : "false";
  }
  /// A string in an array.
  void item(std::string_view value) {
    separate();
    text_ += '"';
    for (const char c : value) {
      if (c == '"' || c == '\\') text_ += '\\';
      text_ += c;
    }
    text_ += '"';
  }
  /// The finished document with its newline.
  std::string take() && { return std::move(text_) + '\n'; }

 private:
  void separate() {
    if (separator_) text_ += ',';
    separator_ = true;
  }
  void new_line() {
    if (pretty_) text_ += '\n' + std::string(4 * static_cast<std::size_t>(depth_), ' ');
  }
  void name(std::string_view key) {
    separate();
    new_line();
    separator_ = false;
    text_ += '"' + std::string(key) + "\":";
    if (pretty_) text_ += ' ';
  }
  void begin(char bracket) {
    separate();
    text_ += bracket;
    ++depth_;
    separator_ = false;
  }
  void end(char bracket) {
    --depth_;
    if (separator_) new_line();
    text_ += bracket;
    separator_ = true;
  }

  bool pretty_;
  bool separator_ = false;
  int depth_ = 0;
  std::string text_;
};

}  // namespace lvslab::command
