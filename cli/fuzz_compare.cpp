// lvslab fuzz-compare
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/backends.h"
#include "cli/commands.h"
#include "cli/comparer.h"
#include "cli/files.h"
#include "cli/workers.h"
#include "sim/fuzz/campaign.h"
#include "sim/fuzz/random_lab.h"
#include "sim/scenario/writer.h"

namespace lvslab::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

fuzz::LabKind kind_of(const FuzzOptions& options) {
  return options.labs == "keepalived" ? fuzz::LabKind::kKeepalived : fuzz::LabKind::kMixed;
}

/// The file of a lab.
std::string path_of(const FuzzOptions& options, std::uint64_t index) {
  return (fs::path(options.keep) /
          (fuzz::lab_name(options.seed, index, kind_of(options)) + ".yaml"))
      .string();
}

/// What a worker tells of a lab.
Json result_json(std::uint64_t index, const Result<fuzz::LabResult>& result) {
  Json json = {{"lab", index}};
  if (!result) {
    json["error"] = result.error().to_string();
    return json;
  }
  json["agrees"] = result->differences.empty();
  if (result->differences.empty()) return json;
  for (const fuzz::Difference& difference : result->differences) {
    json["differences"].push_back({{"kind", difference.kind}, {"text", difference.text}});
  }
  json["hosts"] = result->smallest->scenario.hosts.size();
  json["items"] = result->smallest->scenario.timeline.size();
  json["minimal"] = result->smallest->minimal;
  json["scenario"] = fuzz::kept_text(*result);
  return json;
}

/// Counts, prints and keeps what the workers find.
class Campaign {
 public:
  Campaign(const Terminal& terminal, const FuzzOptions& options)
      : terminal_(terminal), options_(options) {}

  /// False: go no further.
  bool done(std::uint64_t index, const std::string& text) {
    Json json = Json::parse(text);
    ++compared_;
    if (json.contains("error")) {
      failed(index, json["error"].get<std::string>(), json);
    } else if (json["agrees"].get<bool>()) {
      if (options_.json) print(json);
    } else {
      differs(index, std::move(json));
    }
    show_progress();
    return is_worth_it();
  }

  bool died(std::uint64_t index, const std::string& cause) {
    ++compared_;
    failed(index, terminal_.format("the program died: {}", "程序崩溃：{}", cause),
           {{"lab", index}, {"error", cause}});
    return is_worth_it();
  }

  int finish() {
    clear_progress();
    if (options_.json) {
      print({{"seed", options_.seed},
             {"compared", compared_},
             {"differ", differ_},
             {"failed", failed_}});
    } else {
      fmt::print("{}\n",
                 terminal_.format("seed {}: {} labs compared, {} differ{}",
                                  "种子 {}：比较了 {} 个实验，{} 个不一致{}", options_.seed,
                                  compared_, differ_,
                                  failed_ == 0 ? std::string()
                                               : terminal_.format(", {} could not be played",
                                                                  "，{} 个无法运行", failed_)));
    }
    if (g_interrupted != 0) return kExitInterrupted;
    if (failed_ > 0 || !kept_all_) return kExitBadInput;
    return differ_ > 0 ? kExitUnmet : kExitOk;
  }

 private:
  /// Where the first labs cannot be played, no other can.
  bool is_worth_it() const { return failed_ < kHopeless || failed_ < compared_; }

  static void print(const Json& json) { fmt::print("{}\n", json.dump()); }

  void failed(std::uint64_t index, const std::string& cause, const Json& json) {
    ++failed_;
    clear_progress();
    if (options_.json) return print(json);
    fmt::print("{}\n", terminal_.format("lab {}: {}", "实验 {}：{}", index, cause));
  }

  void differs(std::uint64_t index, Json json) {
    ++differ_;
    const std::string path = path_of(options_, index);
    if (auto written = write_text(path, json["scenario"].get<std::string>()); !written) {
      clear_progress();
      complain(written.error());
      kept_all_ = false;
    }
    json["file"] = path;
    json.erase("scenario");
    clear_progress();
    if (options_.json) return print(json);
    const Json& differences = json["differences"];
    fmt::print("{}\n",
               terminal_.format("lab {} differs in {} places: {}\n    {} ({} hosts, {} items)",
                                "实验 {} 有 {} 处不一致：{}\n    {}（{} 台主机，{} 个条目）", index,
                                differences.size(), differences[0]["text"].get<std::string>(), path,
                                json["hosts"].get<int>(), json["items"].get<int>()));
    std::fflush(stdout);
  }

  void show_progress() {
    if (!terminal_.progress) return;
    fmt::print(stderr, "\r\033[K{}",
               terminal_.format("{} of {} labs, {} differ", "{} / {} 个实验，{} 个不一致",
                                compared_, options_.count, differ_));
    std::fflush(stderr);
    shown_ = true;
  }
  void clear_progress() {
    if (shown_) fmt::print(stderr, "\r\033[K");
    shown_ = false;
  }

  static constexpr std::uint64_t kHopeless = 3;

  const Terminal& terminal_;
  const FuzzOptions& options_;
  std::uint64_t compared_ = 0, differ_ = 0, failed_ = 0;
  bool kept_all_ = true, shown_ = false;
};

int draw_only(const FuzzOptions& options) {
  for (std::uint64_t i = 0; i < options.count; ++i) {
    const std::uint64_t index = options.start + i;
    const std::string path = path_of(options, index);
    const auto written = write_text(
        path, scenario::to_yaml(fuzz::random_lab(options.seed, index, kind_of(options))));
    if (!written) return complain(written.error()), kExitBadInput;
    fmt::print("{}\n", path);
  }
  return kExitOk;
}

}  // namespace

int fuzz_compare_command(const Terminal& terminal, const FuzzOptions& options) {
  std::error_code error;
  fs::create_directories(options.keep, error);
  if (error) {
    complain(Error{
        fmt::format("cannot make the directory {}: {}", options.keep, error.message()), {}, {}});
    return kExitBadInput;
  }
  if (options.draw) return draw_only(options);
  Campaign campaign(terminal, options);
  std::unique_ptr<fuzz::Comparer> comparer;  // of each worker, once it has work
  Shares shares;
  shares.first = options.start;
  shares.count = options.count;
  shares.processes = options.jobs;
  shares.work = [&](std::uint64_t index) {
    if (!comparer) {
      auto theirs = make_backend(options.backend);
      if (!theirs) return result_json(index, std::unexpected(theirs.error())).dump();
      comparer = std::make_unique<BackendComparer>(make_simulator_of_kernel(), *std::move(theirs),
                                                   options.backend);
    }
    const auto result = fuzz::try_lab(options.seed, index, *comparer,
                                      {.kind = kind_of(options), .shrink = !options.no_shrink});
    return result_json(index, result).dump();
  };
  shares.done = [&](std::uint64_t index, const std::string& text) {
    return campaign.done(index, text);
  };
  shares.died = [&](std::uint64_t index, const std::string& cause) {
    return campaign.died(index, cause);
  };
  if (auto shared = share_out(shares); !shared) {
    complain(shared.error());
    return kExitBadInput;
  }
  return campaign.finish();
}

}  // namespace lvslab::cli
