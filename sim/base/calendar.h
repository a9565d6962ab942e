// The date that simulated hosts believe in. Every run begins at the same moment, so a Date header,
// a capture's time stamps and `date` are functions of simulated time alone.
//
// Left out: time zones (all hosts keep UTC) and leap seconds.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "sim/base/time.h"

namespace lvslab {

/// Simulated time zero in seconds since 1970: Thursday, 1 January 2026, 08:00:00 UTC.
inline constexpr std::int64_t kEpochSeconds = 1'767'254'400;

struct CivilTime {
  std::int64_t year = 1970;
  int month = 1;    ///< 1..12
  int day = 1;      ///< 1..31
  int weekday = 0;  ///< 0 is Sunday
  int hour = 0, minute = 0, second = 0;
  std::int64_t nanosecond = 0;
  bool operator==(const CivilTime&) const = default;

  static constexpr std::array<std::string_view, 7> kWeekdays = {"Sun", "Mon", "Tue", "Wed",
                                                                "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::string_view weekday_name() const {
    return kWeekdays[static_cast<std::size_t>(weekday)];
  }
  constexpr std::string_view month_name() const {
    return kMonths[static_cast<std::size_t>(month - 1)];
  }
};

/// Nanoseconds since 1970 of a simulated moment.
constexpr std::int64_t unix_ns(SimTime at) { return kEpochSeconds * 1'000'000'000 + at.ns; }

/// The date of a simulated moment in the proleptic Gregorian calendar. Requires at.ns >= 0.
constexpr CivilTime civil_time(SimTime at) {
  const std::int64_t ns = unix_ns(at);
  const std::int64_t seconds = ns / 1'000'000'000;
  const std::int64_t days = seconds / 86'400;
  const std::int64_t of_day = seconds % 86'400;
  // Years that begin in March put the leap day last; 719468 days lie between 0000-03-01 and 1970.
  const std::int64_t shifted = days + 719'468;
  const std::int64_t era = shifted / 146'097;
  const std::int64_t of_era = shifted % 146'097;
  const std::int64_t year_of_era =
      (of_era - of_era / 1'460 + of_era / 36'524 - of_era / 146'096) / 365;
  const std::int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t march_month = (5 * of_year + 2) / 153;
  CivilTime civil;
  civil.day = static_cast<int>(of_year - (153 * march_month + 2) / 5 + 1);
  civil.month = static_cast<int>(march_month < 10 ? march_month + 3 : march_month - 9);
  civil.year = year_of_era + era * 400 + (civil.month <= 2 ? 1 : 0);
  civil.weekday = static_cast<int>((days + 4) % 7);
  civil.hour = static_cast<int>(of_day / 3'600);
  civil.minute = static_cast<int>(of_day / 60 % 60);
  civil.second = static_cast<int>(of_day % 60);
  civil.nanosecond = ns % 1'000'000'000;
  return civil;
}

}  // namespace lvslab
