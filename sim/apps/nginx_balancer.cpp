#include "sim/apps/nginx_balancer.h"

#include <algorithm>

namespace lvslab::apps {

NginxBalancer::NginxBalancer(const NginxUpstream& upstream) {
  for (const NginxServer& server : upstream.servers) {
    peers_.push_back({.server = server, .effective_weight = server.weight});
  }
  single_ = peers_.size() == 1;
}

NginxBalancer::Tries NginxBalancer::begin() const {
  const auto usable = std::ranges::count_if(peers_, [](const Peer& p) { return !p.server.down; });
  return {.tried = std::vector<bool>(peers_.size()), .left = static_cast<std::size_t>(usable)};
}

std::optional<std::size_t> NginxBalancer::choose(Tries& tries, std::int64_t now_s) {
  if (single_) {
    return peers_[0].server.down ? std::nullopt : std::optional<std::size_t>{0};
  }
  if (!tries.in_backup) {
    if (const auto found = choose_among(tries, false, now_s)) return found;
    tries.in_backup = true;
  }
  return choose_among(tries, true, now_s);
}

std::optional<std::size_t> NginxBalancer::choose_among(Tries& tries, bool backup,
                                                       std::int64_t now_s) {
  std::optional<std::size_t> best;
  int total = 0;
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    Peer& peer = peers_[i];
    if (peer.server.backup != backup || tries.tried[i] || peer.server.down) continue;
    const bool failed = peer.server.max_fails > 0 && peer.fails >= peer.server.max_fails;
    if (failed && now_s - peer.checked_s <= peer.server.fail_timeout_s) continue;
    peer.current_weight += peer.effective_weight;
    total += peer.effective_weight;
    if (peer.effective_weight < peer.server.weight) ++peer.effective_weight;
    if (!best || peer.current_weight > peers_[*best].current_weight) best = i;
  }
  if (!best) return std::nullopt;
  Peer& chosen = peers_[*best];
  tries.tried[*best] = true;
  chosen.current_weight -= total;
  if (now_s - chosen.checked_s > chosen.server.fail_timeout_s) chosen.checked_s = now_s;
  return best;
}

void NginxBalancer::release(std::size_t index, Tries& tries, bool failed, std::int64_t now_s) {
  if (single_) {
    tries.left = 0;
    return;
  }
  Peer& peer = peers_[index];
  if (failed) {
    ++peer.fails;
    peer.accessed_s = peer.checked_s = now_s;
    if (peer.server.max_fails > 0) {
      peer.effective_weight =
          std::max(0, peer.effective_weight - peer.server.weight / peer.server.max_fails);
    }
  } else if (peer.accessed_s < peer.checked_s) {
    peer.fails = 0;  // it was looked at again, and is well
  }
  if (tries.left > 0) --tries.left;
}

}  // namespace lvslab::apps
