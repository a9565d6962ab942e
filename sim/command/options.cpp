#include "sim/command/options.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "sim/command/shell.h"

namespace lvslab::command {

namespace {

std::unexpected<Output> complain(const OptionSpec& spec, const std::string& message) {
  std::string text = fmt::format("{}: {}\n", spec.tool, message);
  text += spec.usage;
  return std::unexpected(failure(std::move(text), spec.status));
}

std::unexpected<Output> refuse(const OptionSpec& spec, const std::string& option) {
  return std::unexpected(not_modelled(spec.tool, "option " + option, spec.close));
}

/// The long option that `name` names or abbreviates; an exact name wins.
Parsed<const LongOption*> find_long(const OptionSpec& spec, std::string_view name) {
  const LongOption* found = nullptr;
  bool ambiguous = false;
  for (const LongOption& option : spec.longs) {
    if (option.name == name) return &option;
    if (!option.name.starts_with(name)) continue;
    ambiguous = ambiguous || (found != nullptr && found->letter != option.letter);
    found = &option;
  }
  for (const std::string_view other : spec.unmodelled_longs) {
    if (other == name) return refuse(spec, fmt::format("--{}", other));
  }
  if (ambiguous) return complain(spec, fmt::format("option '--{}' is ambiguous", name));
  if (found != nullptr) return found;
  for (const std::string_view other : spec.unmodelled_longs) {
    if (other.starts_with(name)) return refuse(spec, fmt::format("--{}", other));
  }
  return complain(spec, fmt::format("unrecognized option '--{}'", name));
}

}  // namespace

Parsed<Options> read_options(Args args, const OptionSpec& spec) {
  Options out;
  for (std::size_t i = 1; i < args.size(); ++i) {
    const std::string& arg = args[i];
    if (arg == "--") {
      out.operands.insert(out.operands.end(), args.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                          args.end());
      break;
    }
    if (arg.size() < 2 || arg[0] != '-') {
      if (spec.operands_end_options) {
        out.operands.assign(args.begin() + static_cast<std::ptrdiff_t>(i), args.end());
        break;
      }
      out.operands.push_back(arg);
      continue;
    }
    if (arg[1] == '-') {
      const std::size_t equals = arg.find('=');
      const std::string name = arg.substr(2, equals == std::string::npos ? equals : equals - 2);
      const auto option = find_long(spec, name);
      if (!option) return std::unexpected(option.error());
      const LongOption& known = **option;
      if (!known.has_value && equals != std::string::npos) {
        return complain(spec, fmt::format("option '--{}' doesn't allow an argument", known.name));
      }
      std::string value;
      if (equals != std::string::npos) {
        value = arg.substr(equals + 1);
      } else if (known.has_value) {
        if (++i == args.size()) {
          return complain(spec, fmt::format("option '--{}' requires an argument", known.name));
        }
        value = args[i];
      }
      out.given.emplace_back(known.letter, std::move(value));
      continue;
    }
    for (std::size_t k = 1; k < arg.size(); ++k) {
      const char letter = arg[k];
      const std::size_t at = letter == ':' ? std::string_view::npos : spec.letters.find(letter);
      if (at == std::string_view::npos) {
        if (spec.unmodelled.contains(letter)) return refuse(spec, fmt::format("-{}", letter));
        return complain(spec, fmt::format("invalid option -- '{}'", letter));
      }
      if (at + 1 >= spec.letters.size() || spec.letters[at + 1] != ':') {
        out.given.emplace_back(letter, "");
        continue;
      }
      if (k + 1 < arg.size()) {
        out.given.emplace_back(letter, arg.substr(k + 1));
      } else if (++i < args.size()) {
        out.given.emplace_back(letter, args[i]);
      } else {
        return complain(spec, fmt::format("option requires an argument -- '{}'", letter));
      }
      break;
    }
  }
  return out;
}

std::optional<std::int64_t> to_int(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint32_t> to_u32(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text[0] == '0') {
    base = 8;
    text.remove_prefix(1);
  }
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string try_help(std::string_view tool) {
  return fmt::format("Try '{} --help' for more information.\n", tool);
}

void append_operands(std::string& line, const std::vector<std::string>& operands) {
  const bool dashes = std::ranges::any_of(
      operands, [](const std::string& operand) { return operand.size() > 1 && operand[0] == '-'; });
  if (dashes) line += " --";
  for (const std::string& operand : operands) line += ' ' + quote_word(operand);
}

}  // namespace lvslab::command
