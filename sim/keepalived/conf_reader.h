// How the readers of the blocks share their work: a table of keywords for each block, the parsing
// of numbers, times and addresses with keepalived's own words for a mistake, and the messages.
//
// Source: lib/parser.c of keepalived 2.2.7: process_stream(), alloc_value_block(),
// read_unsigned_func(), read_decimal_unsigned_long_func().
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/keepalived/conf.h"
#include "sim/keepalived/read_conf.h"

namespace lvslab::keepalived {

class ConfReader;

constexpr SimDuration kLongestTimer{4'294'967'295'000};  // TIMER_MAXIMUM, in microseconds
constexpr std::uint32_t kAnyUnsigned = 0xffff'ffffU;

inline const std::string& last_word(const ConfLine& line) { return line.words.back(); }

/// A word that may begin a line of a block.
struct Keyword {
  /// What becomes of a keyword that is known to keepalived.
  enum class Use : std::uint8_t {
    kModelled,
    kUnmodelled  ///< accepted, with a message that names it
  };
  std::string_view name;
  void (*handle)(ConfReader&, const ConfLine&) = nullptr;
  std::span<const Keyword> block{};      ///< not empty: a block of keywords follows
  void (*close)(ConfReader&) = nullptr;  ///< called at the end of the block
  Use use = Use::kModelled;
  bool takes_values = false;  ///< kUnmodelled: a block of values may follow
};

/// Entries for keywords that keepalived knows and the lab does not.
constexpr Keyword unmodelled(std::string_view name, bool takes_values = false) {
  return {.name = name, .use = Keyword::Use::kUnmodelled, .takes_values = takes_values};
}

class ConfReader {
 public:
  ConfReader(const ConfHost& host, const ReadOptions& options);

  ReadConf read(const std::string& path);

  Configuration& conf() { return out_.conf; }
  /// Remembers that one is missing: keepalived does not start then.
  bool has_interface(const std::string& name) {
    const bool there = host_.has_interface(name);
    missing_interface_ = missing_interface_ || !there;
    return there;
  }
  bool has_program(const std::string& path) const { return host_.has_program(path); }
  bool testing() const { return options_.testing; }
  bool missing_interface() const { return missing_interface_; }

  // --- messages --------------------------------------------------------------------------------
  void set_phase(ConfPhase phase) { phase_ = phase; }
  /// At the line being read.
  void report(std::string text);
  /// The same, from every process.
  void report_everywhere(const std::string& text);
  void advise(std::string text, ConfMessage::Kind kind = ConfMessage::Kind::kAdvice);
  /// About the configuration as a whole.
  void report_whole(std::string text);
  /// For the log alone.
  void note(std::string text);
  const Location& where() const { return where_; }

  // --- blocks ----------------------------------------------------------------------------------
  /// Calls `each` for every line of the block of values that follows `line`.
  template <class Each>
  void value_block(const ConfLine& line, Each each) {
    begin_values(line);
    while (const auto value = next_value()) each(*value);
  }
  /// Passes over the block that follows.
  void skip_block();
  /// Set by the handler of a block that is to be left out.
  void skip_this_block() { skip_block_ = true; }

  // --- parameters ------------------------------------------------------------------------------
  /// The word at `index`; reports and ends the configuration if it is missing.
  const std::string& word(const ConfLine& line, std::size_t index);
  /// `lenient`: outside of a test, text behind the number is only a warning (ignore_error).
  std::optional<std::uint32_t> number(const ConfLine& line, std::size_t index, std::uint32_t min,
                                      std::uint32_t max, bool lenient = true);
  std::optional<int> signed_number(const ConfLine& line, std::size_t index, int min, int max);
  /// Seconds with up to six decimal places.
  std::optional<SimDuration> seconds(const ConfLine& line, std::size_t index, SimDuration min,
                                     SimDuration max);
  /// "true", "on", "yes" or nothing at all; "false", "off", "no". Nothing for another word.
  std::optional<bool> flag(const ConfLine& line, std::size_t index = 1);
  std::optional<Ipv4Addr> address(std::string_view text);
  /// The rest of the line as a command, quotes and all.
  Script script(const ConfLine& line);

 private:
  void begin_values(const ConfLine& line);
  /// Nothing at the closing brace.
  std::optional<ConfLine> next_value();
  void read_block(std::span<const Keyword> keywords, bool is_root);
  void apply(const Keyword& keyword, const ConfLine& line);
  void unknown(const ConfLine& line, std::span<const Keyword> keywords, bool is_root);
  std::optional<ConfLine> next();

  const ConfHost& host_;
  ReadOptions options_;
  ReadConf out_;
  LineReader lines_;
  std::optional<ConfLine> pushed_back_;
  Location where_;
  ConfPhase phase_ = ConfPhase::kParent;
  bool skip_block_ = false;
  bool missing_interface_ = false;
  bool checker_user_told_ = false, vrrp_user_told_ = false;
  bool stopped_ = false;  ///< a parameter is missing: keepalived exits on the spot
  std::string empty_;
};

std::span<const Keyword> global_keywords();
std::span<const Keyword> vrrp_instance_keywords();
std::span<const Keyword> sync_group_keywords();
std::span<const Keyword> vrrp_script_keywords();
std::span<const Keyword> virtual_server_keywords();
std::span<const Keyword> root_keywords();

// The handlers that begin a block of the root.
void begin_vrrp_instance(ConfReader& r, const ConfLine& line);
void begin_sync_group(ConfReader& r, const ConfLine& line);
void begin_vrrp_script(ConfReader& r, const ConfLine& line);
void end_vrrp_script(ConfReader& r);
void begin_virtual_server(ConfReader& r, const ConfLine& line);
void begin_server_group(ConfReader& r, const ConfLine& line);
void begin_global(ConfReader& r, const ConfLine& line);

/// The checks that need the whole configuration, and the defaults that depend on others.
/// Source: vrrp_complete_instance(), chk_min_cfg(), vrrp_complete_init(), validate_check_config().
void settle_checkers(ConfReader& r);
void settle_vrrp(ConfReader& r);

}  // namespace lvslab::keepalived
