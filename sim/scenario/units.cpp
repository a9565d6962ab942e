#include "sim/scenario/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

namespace lvslab::scenario {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 6> kTimeUnits = {{{"ns", 1},
                                             {"us", 1'000},
                                             {"ms", 1'000'000},
                                             {"s", 1'000'000'000},
                                             {"min", 60'000'000'000},
                                             {"h", 3'600'000'000'000}}};
constexpr std::array<Unit, 4> kRateUnits = {
    {{"bps", 1}, {"kbps", 1'000}, {"Mbps", 1'000'000}, {"Gbps", 1'000'000'000}}};
constexpr std::array<Unit, 2> kShareUnits = {{{"ppm", 1}, {"%", 10'000}}};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool same_but_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

struct Quantity {
  std::string_view what;      // "a time"
  std::string_view examples;  // "100us, 1ms or 2.5s"
  std::span<const Unit> units;
  std::uint64_t max;  // in the smallest unit; max * 10 fits 64 bits
  std::string_view max_text;
};

std::string unit_list(std::span<const Unit> units) {
  std::string list;
  for (const Unit& unit : units) {
    if (!list.empty()) list += &unit == &units.back() ? " or " : ", ";
    list += unit.name;
  }
  return list;
}

/// The digits of `text` up to its unit, scaled by `factor`; nothing if it is out of range or not
/// a whole number of the smallest unit.
std::optional<std::uint64_t> scale(std::string_view number, std::uint64_t factor, std::uint64_t max,
                                   bool& too_fine) {
  // The integral part is at most max / factor, so no product here leaves 64 bits.
  std::uint64_t whole = 0;
  std::size_t i = 0;
  for (; i < number.size() && is_digit(number[i]); ++i) {
    whole = whole * 10 + static_cast<std::uint64_t>(number[i] - '0');
    if (whole > max / factor) return std::nullopt;
  }
  std::uint64_t value = whole * factor;
  std::uint64_t step = factor;
  for (++i; i < number.size(); ++i) {
    const auto digit = static_cast<std::uint64_t>(number[i] - '0');
    // 60 s and 3600 s are no powers of ten: a digit counts if it leaves no remainder.
    if (digit != 0 && (step * digit) % 10 != 0) {
      too_fine = true;
      return std::nullopt;
    }
    value += step * digit / 10;
    if (step % 10 != 0) {
      const bool rest = number.substr(i + 1).find_first_not_of('0') != std::string_view::npos;
      too_fine = rest;
      if (rest) return std::nullopt;
      break;
    }
    step /= 10;
  }
  return value > max ? std::nullopt : std::optional(value);
}

std::expected<std::uint64_t, UnitError> parse(std::string_view text, const Quantity& q) {
  const auto wrong = [&](std::string why, std::string hint) {
    return std::unexpected(UnitError{
        fmt::format("'{}' is not {}: {}", text.substr(0, 40), q.what, why), std::move(hint)});
  };
  std::size_t end = 0;
  int dots = 0;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.')) {
    dots += text[end] == '.' ? 1 : 0;
    ++end;
  }
  const std::string_view number = text.substr(0, end);
  std::string_view unit = text.substr(end);
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  if (text.starts_with('-')) return wrong("it is negative", fmt::format("write {}", q.examples));
  if (number.empty() || dots > 1 || number.starts_with('.') || number.ends_with('.')) {
    return wrong("it does not start with a number", fmt::format("write {}", q.examples));
  }
  if (unit.empty()) {
    if (number.find_first_not_of("0.") == std::string_view::npos) return 0;
    return wrong("it has no unit", fmt::format("add {}", unit_list(q.units)));
  }
  for (const Unit& known : q.units) {
    if (known.name != unit) continue;
    bool too_fine = false;
    if (const auto value = scale(number, known.factor, q.max, too_fine)) return *value;
    if (too_fine) return wrong(fmt::format("parts of 1{} cannot be told", q.units[0].name), "");
    return wrong(fmt::format("the most is {}", q.max_text), "");
  }
  for (const Unit& known : q.units) {
    if (same_but_case(known.name, unit)) {
      return wrong(fmt::format("unknown unit '{}'", unit),
                   fmt::format("did you mean '{}{}'?", number, known.name));
    }
  }
  return wrong(fmt::format("unknown unit '{}'", unit.substr(0, 20)),
               fmt::format("units are {}", unit_list(q.units)));
}

/// The largest unit in which `value` has at most three decimals.
std::string to_text(std::uint64_t value, std::span<const Unit> units) {
  if (value == 0) return fmt::format("0{}", units[0].name);
  for (std::size_t i = units.size(); i-- > 0;) {
    const std::uint64_t factor = units[i].factor;
    if (value < factor) continue;
    if (value % factor == 0) return fmt::format("{}{}", value / factor, units[i].name);
    if (factor % 1'000 != 0 || value % (factor / 1'000) != 0) continue;
    std::string decimals = fmt::format("{:03}", value % factor / (factor / 1'000));
    while (decimals.ends_with('0')) decimals.pop_back();
    return fmt::format("{}.{}{}", value / factor, decimals, units[i].name);
  }
  return fmt::format("{}{}", value, units[0].name);
}

}  // namespace

std::expected<SimDuration, UnitError> parse_duration(std::string_view text) {
  static constexpr Quantity kTime{"a time", "100us, 1ms or 2.5s", kTimeUnits,
                                  100 * 3'600'000'000'000ULL, "100h"};
  const auto ns = parse(text, kTime);
  if (!ns) return std::unexpected(ns.error());
  return SimDuration{static_cast<std::int64_t>(*ns)};
}

std::string duration_to_text(SimDuration duration) {
  // Up to seconds: "90s" reads better than "1.5min", and every value has a short spelling there.
  return to_text(static_cast<std::uint64_t>(duration.ns), std::span(kTimeUnits).first(4));
}

std::expected<std::uint64_t, UnitError> parse_rate(std::string_view text) {
  static constexpr Quantity kRate{"a rate", "100Mbps or 1Gbps", kRateUnits, 1'000'000'000'000ULL,
                                  "1000Gbps"};
  auto rate = parse(text, kRate);
  if (rate && *rate == 0) {
    return std::unexpected(
        UnitError{fmt::format("'{}' is not a rate: nothing would ever pass", text),
                  "leave 'rate' out for a cable without a limit"});
  }
  return rate;
}

std::string rate_to_text(std::uint64_t bits_per_second) {
  return to_text(bits_per_second, kRateUnits);
}

std::expected<std::uint32_t, UnitError> parse_share(std::string_view text) {
  static constexpr Quantity kShare{"a share", "0.5% or 20ppm", kShareUnits, 1'000'000, "100%"};
  const auto ppm = parse(text, kShare);
  if (!ppm) return std::unexpected(ppm.error());
  return static_cast<std::uint32_t>(*ppm);
}

std::string share_to_text(std::uint32_t ppm) {
  const std::uint32_t decimals = ppm % 10'000;
  if (decimals == 0) return fmt::format("{}%", ppm / 10'000);
  std::string digits = fmt::format("{:04}", decimals);
  while (digits.ends_with('0')) digits.pop_back();
  return fmt::format("{}.{}%", ppm / 10'000, digits);
}

}  // namespace lvslab::scenario
