#include "sim/command/popt.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace lvslab::command {

std::string popt_message(PoptStep::Kind kind, std::string_view word) {
  switch (kind) {
    case PoptStep::Kind::kMissingValue: return fmt::format("{}: missing argument", word);
    case PoptStep::Kind::kUnwantedValue:
      return fmt::format("{}: option does not take an argument", word);
    default: return fmt::format("{}: unknown option", word);
  }
}

PoptStep PoptScanner::take(const PoptOption& option, std::optional<std::string> attached) {
  PoptStep step{.kind = PoptStep::Kind::kOption, .id = option.id, .value = std::move(attached)};
  if (option.value == PoptOption::Value::kNone || step.value) return step;
  const bool more = index_ < args_.size();
  if (option.value == PoptOption::Value::kOptional && (!more || args_[index_].starts_with('-'))) {
    return step;
  }
  if (!more) return {.kind = PoptStep::Kind::kMissingValue, .id = option.id, .value = {}};
  step.value = args_[index_++];
  return step;
}

PoptStep PoptScanner::next_long(std::string_view word) {
  word.remove_prefix(2);
  const std::size_t equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  const auto option = std::ranges::find(options_, name, &PoptOption::long_name);
  if (name.empty() || option == options_.end()) {
    return {.kind = PoptStep::Kind::kUnknown, .id = 0, .value = {}};
  }
  if (equals == std::string_view::npos) return take(*option, std::nullopt);
  if (option->value == PoptOption::Value::kNone) {
    return {.kind = PoptStep::Kind::kUnwantedValue, .id = option->id, .value = {}};
  }
  return take(*option, std::string(word.substr(equals + 1)));
}

PoptStep PoptScanner::next() {
  while (cluster_.empty()) {
    if (index_ >= args_.size()) return {};
    const std::string& word = args_[index_++];
    if (word == "--") {
      operands_.insert(operands_.end(), args_.begin() + static_cast<std::ptrdiff_t>(index_),
                       args_.end());
      index_ = args_.size();
    } else if (word.size() < 2 || word[0] != '-') {
      operands_.push_back(word);
    } else if (word[1] == '-') {
      return next_long(word);
    } else {
      cluster_ = word.substr(1);
    }
  }
  const char letter = cluster_[0];
  cluster_.erase(0, 1);
  const auto option = std::ranges::find(options_, letter, &PoptOption::letter);
  if (option == options_.end() || letter == '\0') {
    cluster_.clear();
    return {.kind = PoptStep::Kind::kUnknown, .id = 0, .value = {}};
  }
  if (option->value == PoptOption::Value::kNone || cluster_.empty()) {
    return take(*option, std::nullopt);
  }
  std::string attached = std::exchange(cluster_, {});
  if (attached[0] == '=') attached.erase(0, 1);
  return take(*option, std::move(attached));
}

}  // namespace lvslab::command
