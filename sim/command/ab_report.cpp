#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <vector>

#include "sim/command/ab.h"
#include "sim/command/traffic_numbers.h"

namespace lvslab::command {

namespace {

__extension__ using Wide = unsigned __int128;

/// numerator / denominator with `digits` decimals, rounded half up.
std::string ratio(Wide numerator, Wide denominator, int digits) {
  Wide scale = 1;
  for (int i = 0; i < digits; ++i) scale *= 10;
  const Wide scaled = (2 * numerator * scale + denominator) / (2 * denominator);
  return fmt::format("{}.{:0{}}", static_cast<std::uint64_t>(scaled / scale),
                     static_cast<std::uint64_t>(scaled % scale), digits);
}

/// ap_round_ms().
std::int64_t round_ms(std::int64_t us) { return (us + 500) / 1000; }

/// One line of "Connection Times": integers in microseconds, as the tool sums them.
struct Spread {
  std::int64_t min = 0, mean = 0, median = 0, max = 0;
  Wide squares = 0;  ///< sum of the squared distances from the mean
  std::uint64_t count = 0;

  explicit Spread(std::vector<std::int64_t> us) : count(us.size()) {
    std::ranges::sort(us);
    min = us.front();
    max = us.back();
    std::int64_t total = 0;
    for (const std::int64_t t : us) total += t;
    mean = total / static_cast<std::int64_t>(count);
    for (const std::int64_t t : us) {
      const auto distance = static_cast<std::uint64_t>(t > mean ? t - mean : mean - t);
      squares += Wide{distance} * distance;
    }
    // ab takes the mean of the middle one and the next when the number is odd; so do we.
    const std::size_t middle = us.size() / 2;
    const bool two = us.size() > 1 && us.size() % 2 == 1;
    median = two ? (us[middle] + us[middle + 1]) / 2 : us[middle];
  }

  std::uint64_t deviation_us() const {
    return count > 1 ? integer_sqrt(static_cast<std::uint64_t>(squares / (count - 1))) : 0;
  }
  /// True if mean and median, in milliseconds, are more than `times` deviations apart.
  bool apart(std::uint64_t times) const {
    const std::int64_t d = round_ms(mean) - round_ms(median);
    const auto us = static_cast<std::uint64_t>((d < 0 ? -d : d) * 1000);
    if (count < 2) return us > 0;
    return Wide{us} * us * (count - 1) > Wide{times} * times * squares;
  }
  std::string line(std::string_view label) const {
    const std::uint64_t tenths = (deviation_us() + 50) / 100;
    return fmt::format("{:<12}{:>5} {:>4} {:>3}.{} {:>6} {:>7}\n", label, round_ms(min),
                       round_ms(mean), tenths / 10, tenths % 10, round_ms(median), round_ms(max));
  }
  std::string sanity(std::string_view what) const {
    if (apart(2)) {
      return fmt::format(
          "ERROR: The median and mean for {} are more than twice the standard\n"
          "       deviation apart. These results are NOT reliable.\n",
          what);
    }
    if (apart(1)) {
      return fmt::format(
          "WARNING: The median and mean for {} are not within a normal deviation\n"
          "        These results are probably not that reliable.\n",
          what);
    }
    return {};
  }
};

std::string summary(const AbCommand& command, const AbResult& r) {
  std::string text = fmt::format(
      "\n\nServer Software:        {}\nServer Hostname:        {}\nServer Port:            {}\n\n"
      "Document Path:          {}\n",
      r.server_software, command.host, command.port, command.path);
  text += command.variable_length
              ? "Document Length:        Variable\n\n"
              : fmt::format("Document Length:        {} bytes\n\n", r.document_length);
  const auto us = static_cast<std::uint64_t>(r.elapsed.us());
  text += fmt::format(
      "Concurrency Level:      {}\nTime taken for tests:   {} seconds\n"
      "Complete requests:      {}\nFailed requests:        {}\n",
      command.concurrency, ratio(us, 1'000'000, 3), r.complete, r.failed);
  if (r.failed != 0) {
    text += fmt::format("   (Connect: {}, Receive: {}, Length: {}, Exceptions: {})\n",
                        r.failed_connect, r.failed_receive, r.failed_length, r.failed_exception);
  }
  if (r.write_errors != 0) text += fmt::format("Write errors:           {}\n", r.write_errors);
  if (r.non_2xx != 0) text += fmt::format("Non-2xx responses:      {}\n", r.non_2xx);
  if (command.keep_alive)
    text += fmt::format("Keep-Alive requests:    {}\n", r.keep_alive_requests);
  text += fmt::format("Total transferred:      {} bytes\nHTML transferred:       {} bytes\n",
                      r.total_transferred, r.html_transferred);
  if (us == 0 || r.complete == 0) return text;
  return text + fmt::format(
                    "Requests per second:    {} [#/sec] (mean)\n"
                    "Time per request:       {} [ms] (mean)\n"
                    "Time per request:       {} [ms] (mean, across all concurrent requests)\n"
                    "Transfer rate:          {} [Kbytes/sec] received\n",
                    ratio(Wide{r.complete} * 1'000'000, us, 2),
                    ratio(Wide{command.concurrency} * us, Wide{r.complete} * 1000, 3),
                    ratio(us, Wide{r.complete} * 1000, 3),
                    ratio(Wide{r.total_transferred} * 1'000'000, Wide{us} * 1024, 2));
}

std::string connection_times(const AbCommand& command, const AbResult& r) {
  std::vector<std::int64_t> connect;
  std::vector<std::int64_t> processing;
  std::vector<std::int64_t> waiting;
  std::vector<std::int64_t> total;
  for (const AbSample& sample : r.samples) {
    connect.push_back(sample.connect.us());
    processing.push_back(sample.total.us() - sample.connect.us());
    waiting.push_back(sample.wait.us());
    total.push_back(sample.total.us());
  }
  const Spread c(connect);
  const Spread p(processing);
  const Spread w(waiting);
  const Spread t(total);
  if (!command.no_confidence) {
    return "\nConnection Times (ms)\n              min  mean[+/-sd] median   max\n" +
           c.line("Connect:") + p.line("Processing:") + w.line("Waiting:") + t.line("Total:") +
           c.sanity("the initial connection time") + p.sanity("the processing time") +
           w.sanity("the waiting time") + t.sanity("the total time");
  }
  const auto line = [](std::string_view label, const Spread& spread) {
    return fmt::format("{:<12}{:>5} {:>5}{:>5}\n", label, round_ms(spread.min),
                       round_ms(spread.mean), round_ms(spread.max));
  };
  return "\nConnection Times (ms)\n              min   avg   max\n" + line("Connect:", c) +
         line("Processing:", p) + line("Waiting:", w) + line("Total:", t);
}

std::string percentiles(const AbResult& r) {
  std::vector<std::int64_t> total;
  for (const AbSample& sample : r.samples) total.push_back(sample.total.us());
  std::ranges::sort(total);
  std::string text = "\nPercentage of the requests served within a certain time (ms)\n";
  for (const std::size_t percent : std::array<std::size_t, 8>{50, 66, 75, 80, 90, 95, 98, 99}) {
    text += fmt::format("  {}%  {:>5}\n", percent, round_ms(total[total.size() * percent / 100]));
  }
  return text + fmt::format(" 100%  {:>5} (longest request)\n", round_ms(total.back()));
}

}  // namespace

std::string ab_report(const AbCommand& command, const AbResult& result) {
  std::string text = summary(command, result);
  if (result.samples.empty()) return text;
  text += connection_times(command, result);
  if (!command.no_percentiles && result.samples.size() > 1) text += percentiles(result);
  return text;
}

}  // namespace lvslab::command
