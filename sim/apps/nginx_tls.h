// The certificate of an nginx server that speaks TLS. Source: nginx 1.22.1
// src/http/modules/ngx_http_ssl_module.c, src/event/ngx_event_openssl.c; observed messages.
#pragma once

#include <optional>
#include <string>

#include "sim/apps/nginx_conf.h"
#include "sim/apps/nginx_words.h"

namespace lvslab::apps {

struct NginxTlsFiles {
  std::string certificate, key;  ///< as they are written
};

/// Reads the files of a server that has "listen ... ssl"; nothing is wrong with others.
std::optional<NginxProblem> load_nginx_certificate(const NginxDirective& directive,
                                                   const NginxTlsFiles& files,
                                                   const NginxFiles& host,
                                                   NginxVirtualServer& server);

}  // namespace lvslab::apps
