#include "sim/base/ipv6.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace lvslab {
namespace {

using Groups = std::array<std::uint16_t, 8>;

Ipv6Addr of_groups(const Groups& groups) {
  Ipv6Addr addr;
  for (std::size_t i = 0; i < 4; ++i) addr.high = addr.high << 16 | groups[i];
  for (std::size_t i = 4; i < 8; ++i) addr.low = addr.low << 16 | groups[i];
  return addr;
}

Groups groups_of(Ipv6Addr addr) {
  Groups groups{};
  for (std::size_t i = 0; i < 4; ++i) {
    groups[i] = static_cast<std::uint16_t>(addr.high >> (48 - 16 * i));
    groups[4 + i] = static_cast<std::uint16_t>(addr.low >> (48 - 16 * i));
  }
  return groups;
}

/// Reads groups from left to right.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<Ipv6Addr> read() {
    if (text_.starts_with(':') && !text_.starts_with("::")) return std::nullopt;
    if (take("::")) gap_ = 0;
    while (!text_.empty()) {
      if (count_ == 8 || !group()) return std::nullopt;
      if (text_.empty()) break;
      if (take("::")) {
        if (gap_) return std::nullopt;
        gap_ = count_;
      } else if (!take(":") || text_.empty()) {
        return std::nullopt;
      }
    }
    if (gap_ ? count_ == 8 : count_ != 8) return std::nullopt;
    if (gap_) {
      const auto begin = groups_.begin() + static_cast<std::ptrdiff_t>(*gap_);
      const auto end = groups_.begin() + static_cast<std::ptrdiff_t>(count_);
      std::rotate(begin, end, groups_.end());
    }
    return of_groups(groups_);
  }

 private:
  bool take(std::string_view what) {
    if (!text_.starts_with(what)) return false;
    text_.remove_prefix(what.size());
    return true;
  }

  bool group() {
    const std::size_t end = std::min(text_.find(':'), text_.size());
    const std::string_view word = text_.substr(0, end);
    if (word.find('.') != std::string_view::npos) return dotted_quad(word);
    if (word.empty() || word.size() > 4) return false;
    std::uint16_t value = 0;
    const auto [at, error] = std::from_chars(word.data(), word.data() + word.size(), value, 16);
    if (error != std::errc{} || at != word.data() + word.size()) return false;
    groups_[count_++] = value;
    text_.remove_prefix(end);
    return true;
  }

  bool dotted_quad(std::string_view word) {
    const auto v4 = Ipv4Addr::parse(word);
    if (!v4 || word.size() != text_.size() || count_ > 6) return false;
    groups_[count_++] = static_cast<std::uint16_t>(v4->bits >> 16);
    groups_[count_++] = static_cast<std::uint16_t>(v4->bits);
    text_ = {};
    return true;
  }

  std::string_view text_;
  Groups groups_{};
  std::size_t count_ = 0;
  std::optional<std::size_t> gap_;  ///< the group before which "::" stands
};

/// The longest run of two or more zero groups, the first of equals: [first, last).
std::pair<std::size_t, std::size_t> longest_gap(const Groups& groups) {
  std::pair<std::size_t, std::size_t> best{8, 8};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    std::size_t end = i;
    while (end < groups.size() && groups[end] == 0) ++end;
    if (end - i >= 2 && end - i > best.second - best.first) best = {i, end};
    if (end > i) i = end - 1;
  }
  return best;
}

}  // namespace

std::optional<Ipv6Addr> Ipv6Addr::parse(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  return Reader(text).read();
}

std::string Ipv6Addr::to_string() const {
  if (high == 0 && low >> 32 == 0xffff) {  // IPv4-mapped
    return "::ffff:" + Ipv4Addr{static_cast<std::uint32_t>(low)}.to_string();
  }
  const Groups groups = groups_of(*this);
  const auto [gap, end] = longest_gap(groups);
  std::string text;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i == gap) {
      text += "::";
      i = end - 1;
      continue;
    }
    if (!text.empty() && !text.ends_with(':')) text += ':';
    text += fmt::format("{:x}", groups[i]);
  }
  return text;
}

std::optional<Ipv6Prefix> Ipv6Prefix::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto addr = Ipv6Addr::parse(text.substr(0, slash));
  if (!addr) return std::nullopt;
  if (slash == std::string_view::npos) return Ipv6Prefix{*addr, 128};
  const std::string_view digits = text.substr(slash + 1);
  if (digits.empty() || digits.size() > 3) return std::nullopt;
  std::uint8_t len = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), len);
  if (error != std::errc{} || end != digits.data() + digits.size() || len > 128)
    return std::nullopt;
  return Ipv6Prefix{*addr, len};
}

std::string Ipv6Prefix::to_string() const { return fmt::format("{}/{}", addr.to_string(), len); }

}  // namespace lvslab
