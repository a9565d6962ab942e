// nginx.conf as a tree of directives. Not for use outside this room.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "sim/apps/nginx_conf.h"

namespace lvslab::apps {

struct NginxDirective {
  std::string file;
  std::size_t line = 0, column = 0;
  std::vector<std::string> words;  ///< its name first
  bool has_block = false;
  std::vector<NginxDirective> block;

  const std::string& name() const { return words.front(); }
  NginxProblem problem(std::string text) const { return {file, line, column, std::move(text)}; }
  NginxProblem not_modelled(std::string text) const {
    return {file, line, column, std::move(text), true};
  }
};

/// All directives of a file and of those that it includes. Errors: of the grammar, in nginx's
/// words.
std::expected<std::vector<NginxDirective>, NginxProblem> read_nginx_words(const std::string& path,
                                                                          const NginxFiles& files);

}  // namespace lvslab::apps
