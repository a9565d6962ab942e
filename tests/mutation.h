// Texts with small mistakes in them: what a slip of the hand, a bad copy or malice makes of a good
// one. The same seed gives the same texts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/base/prng.h"

namespace lvslab::test {

class Mutator {
 public:
  /// `corpus`: good texts; `tokens`: what is dropped into them.
  Mutator(std::uint64_t seed, std::vector<std::string> corpus, std::vector<std::string> tokens)
      : random_(seed), corpus_(std::move(corpus)), tokens_(std::move(tokens)) {}

  std::string next() {
    std::string text = pick(corpus_);
    for (std::uint32_t changes = 1 + random_.below(4); changes > 0; --changes) change(text);
    return text;
  }

 private:
  const std::string& pick(const std::vector<std::string>& from) {
    return from[random_.below(static_cast<std::uint32_t>(from.size()))];
  }
  std::size_t place(const std::string& text) {
    return random_.below(static_cast<std::uint32_t>(text.size()) + 1);
  }
  std::size_t length(const std::string& text, std::size_t at) {
    return std::min<std::size_t>(1 + random_.below(12), text.size() - at);
  }

  void change(std::string& text) {
    const std::size_t at = place(text);
    switch (random_.below(7)) {
      case 0: text.erase(at, length(text, at)); return;
      case 1: text.insert(at, pick(tokens_)); return;
      case 2: text.insert(place(text), text.substr(at, length(text, at))); return;
      case 3:
        if (at < text.size()) text[at] = static_cast<char>(random_.below(256));
        return;
      case 4: text.resize(at); return;
      case 5: {  // the rest of another text
        const std::string& other = pick(corpus_);
        text = text.substr(0, at) + other.substr(std::min(at, other.size()));
        return;
      }
      default: {  // the same a few times more
        const std::string part = text.substr(at, length(text, at));
        for (int i = 0; i < 5; ++i) text.insert(at, part);
        return;
      }
    }
  }

  Prng random_;
  std::vector<std::string> corpus_;
  std::vector<std::string> tokens_;
};

}  // namespace lvslab::test
