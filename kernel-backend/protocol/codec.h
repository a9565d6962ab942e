// Plain structs as bytes: numbers little endian, texts and lists with their length before them.
//
// A struct takes part by a member `template <class F> void each(F&& f)` that calls f with all of
// its fields in order. The decoder never trusts a length: it fails instead of reading past the end
// or allocating more than the message could hold.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace lvslab::kernel {

class Encoder {
 public:
  template <class... T>
  void operator()(T&... fields) {
    (put(fields), ...);
  }
  std::string take() { return std::move(bytes_); }

 private:
  template <class T>
  void put(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      bytes_ += static_cast<char>(value ? 1 : 0);
    } else if constexpr (std::is_enum_v<T>) {
      auto number = static_cast<std::underlying_type_t<T>>(value);
      put(number);
    } else if constexpr (std::integral<T>) {
      bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    } else if constexpr (std::is_same_v<T, std::string>) {
      auto size = static_cast<std::uint32_t>(value.size());
      put(size);
      bytes_ += value;
    } else {
      value.each(*this);
    }
  }
  template <class T>
  void put(std::vector<T>& list) {
    auto size = static_cast<std::uint32_t>(list.size());
    put(size);
    for (T& item : list) put(item);
  }

  std::string bytes_;
};

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  template <class... T>
  void operator()(T&... fields) {
    (get(fields), ...);
  }
  /// Everything was there, and nothing was left.
  bool whole() const { return ok_ && rest_.empty(); }

 private:
  template <class T>
  void get(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      std::uint8_t byte = 0;
      get(byte);
      value = byte != 0;
    } else if constexpr (std::is_enum_v<T>) {
      std::underlying_type_t<T> number{};
      get(number);
      value = static_cast<T>(number);
    } else if constexpr (std::integral<T>) {
      if (!has(sizeof value)) return;
      std::memcpy(&value, rest_.data(), sizeof value);  // NOLINT(*-stringview-data-usage)
      rest_.remove_prefix(sizeof value);
    } else if constexpr (std::is_same_v<T, std::string>) {
      std::uint32_t size = 0;
      get(size);
      if (!has(size)) return;
      value = rest_.substr(0, size);
      rest_.remove_prefix(size);
    } else {
      value.each(*this);
    }
  }
  template <class T>
  void get(std::vector<T>& list) {
    std::uint32_t size = 0;
    get(size);
    if (!has(size)) return;  // an item takes at least a byte
    list.clear();
    for (std::uint32_t i = 0; i < size && ok_; ++i) get(list.emplace_back());
  }
  bool has(std::size_t size) {
    if (ok_ && rest_.size() >= size) return true;
    ok_ = false;
    rest_ = {};
    return false;
  }

  std::string_view rest_;
  bool ok_ = true;
};

template <class T>
std::string encoded(const T& message) {
  Encoder encoder;
  // each() is one function for both directions.
  const_cast<T&>(message).each(encoder);  // NOLINT(*-const-cast)
  return encoder.take();
}

/// False if `bytes` are not exactly one T.
template <class T>
bool decode(std::string_view bytes, T& message) {
  Decoder decoder(bytes);
  message.each(decoder);
  return decoder.whole();
}

}  // namespace lvslab::kernel
