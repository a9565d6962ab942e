// Which server of an upstream gets a request: nginx's smooth weighted round robin, and what it does
// about servers that fail. Time is in whole seconds, as nginx counts it here.
// Left out: least_conn and other methods, slow_start, max_conns, resolving names again.
// Source: nginx 1.22.1 src/http/ngx_http_upstream_round_robin.c: ngx_http_upstream_get_peer(),
// ngx_http_upstream_free_round_robin_peer().
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/apps/nginx_conf.h"

namespace lvslab::apps {

class NginxBalancer {
 public:
  /// What one request has tried so far.
  struct Tries {
    std::vector<bool> tried;  ///< by server
    bool in_backup = false;
    std::size_t left = 0;  ///< how many servers may still be tried
  };

  NginxBalancer() = default;
  explicit NginxBalancer(const NginxUpstream& upstream);

  Tries begin() const;
  /// The index of the server; nothing if none is live.
  std::optional<std::size_t> choose(Tries& tries, std::int64_t now_s);
  /// A try has ended.
  void release(std::size_t server, Tries& tries, bool failed, std::int64_t now_s);

  const NginxServer& server(std::size_t index) const { return peers_[index].server; }
  int fails(std::size_t index) const { return peers_[index].fails; }

 private:
  struct Peer {
    NginxServer server;
    int current_weight = 0, effective_weight = 0;
    int fails = 0;
    std::int64_t accessed_s = 0, checked_s = 0;
  };
  std::optional<std::size_t> choose_among(Tries& tries, bool backup, std::int64_t now_s);

  std::vector<Peer> peers_;
  bool single_ = false;
};

}  // namespace lvslab::apps
