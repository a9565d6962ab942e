#include "gui/models/recorded_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <numeric>
#include <ranges>
#include <set>

#include "sim/base/calendar.h"
#include "sim/base/digest.h"
#include "sim/scenario/loader.h"
#include "sim/trace/frame_facts.h"
#include "sim/trace/same_packet.h"
#include "sim/wire/ethernet.h"

namespace lvslab::gui {
namespace {

constexpr std::size_t kMostHosts = 200;
/// The same bytes within this time, seen by several interfaces, are one frame on its way; in it
/// hosts pass packets on.
constexpr std::int64_t kOneFrameNs = 50'000'000;
/// So many packets a host may hold back before it passes one on.
constexpr std::size_t kHeldPackets = 64;
constexpr std::int64_t kDayNs = 86'400'000'000'000;
/// Of packets that come from the sender itself: the usual first TTLs.
constexpr std::uint8_t kUsualTtl = 64, kFullTtl = 255;

/// An interface of a host.
struct Plug {
  std::size_t host = 0, nic = 0;
  bool loopback = false;
  auto operator<=>(const Plug&) const = default;
};

/// The TTL or hop limit; 0 if there is none.
std::uint8_t ttl_of(Bytes frame) {
  constexpr std::size_t kTtlAt = 22, kHopLimitAt = 21;
  if (!is_ip_packet(frame)) return 0;
  return frame[frame[EthernetRepr::kLength] >> 4 == 6 ? kHopLimitAt : kTtlAt];
}

std::uint64_t digest_of(Bytes bytes) {
  Digest digest;
  digest.add(bytes);
  return digest.value();
}

class RunMaker {
 public:
  RunMaker(const Capture& capture, const std::string& name) : capture_(capture) {
    run_.scenario.name = name;
    run_.scenario.title.en = run_.scenario.title.zh = name;
    run_.scenario.summary.en = fmt::format(
        "A capture of {} frames. Hosts, addresses and networks are drawn as far as the frames show "
        "them.",
        capture.frames.size());
    run_.scenario.summary.zh = fmt::format(
        "一份抓包，共 {} 帧。主机、地址和网络按帧所能看到的画出。", capture.frames.size());
  }

  Result<RecordedRun> make() {
    order_frames();
    named_ = std::ranges::all_of(used_interfaces(), [&](std::uint32_t i) {
      return capture_.interfaces[i].name.find('/') != std::string::npos;
    });
    if (named_) {
      hosts_by_name();
    } else {
      hosts_by_mac();
    }
    if (run_.scenario.hosts.size() > kMostHosts) {
      return fail(fmt::format("{} hosts took part in this capture; up to {} can be drawn",
                              run_.scenario.hosts.size(), kMostHosts),
                  {}, "filter the capture first, by a network or by hosts");
    }
    networks_.resize(nic_count());
    std::iota(networks_.begin(), networks_.end(), std::size_t{0});
    for (const std::size_t i : order_) take(capture_.frames[i]);
    name_roles();
    draw_networks();
    finish_nodes();
    add_addresses();
    return std::move(run_);
  }

 private:
  std::vector<scenario::Host>& hosts() { return run_.scenario.hosts; }

  // --- who took part -----------------------------------------------------------------------------

  void order_frames() {
    order_.resize(capture_.frames.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::ranges::stable_sort(order_, {}, [&](std::size_t i) { return capture_.frames[i].at_ns; });
    const std::int64_t first = capture_.frames[order_.front()].at_ns;
    // The simulator's own calendar, else the first frame, is time zero.
    const std::int64_t ours = unix_ns(SimTime{});
    zero_ns_ = first >= ours && first < ours + kDayNs ? ours : first;
  }

  std::set<std::uint32_t> used_interfaces() const {
    std::set<std::uint32_t> used;
    for (const CapturedFrame& frame : capture_.frames) used.insert(frame.interface);
    return used;
  }

  std::size_t host_named(const std::string& name) {
    const auto found = std::ranges::find(hosts(), name, &scenario::Host::name);
    if (found != hosts().end()) return static_cast<std::size_t>(found - hosts().begin());
    scenario::Host host;
    host.name = name;
    hosts().push_back(std::move(host));
    return hosts().size() - 1;
  }

  void hosts_by_name() {
    const std::set<std::uint32_t> used = used_interfaces();
    for (std::uint32_t i = 0; i < capture_.interfaces.size(); ++i) {
      const CaptureInterface& one = capture_.interfaces[i];
      const std::size_t slash = one.name.find('/');
      if (slash == std::string::npos) continue;
      const std::string dev = one.name.substr(slash + 1);
      const bool loopback = dev == "lo";
      // A tunnel that carried nothing is not worth a line in the drawing.
      if (!loopback && !used.contains(i) && one.mac.is_zero()) continue;
      const std::size_t host = host_named(one.name.substr(0, slash));
      plugs_[i] = {host, hosts()[host].nics.size(), loopback};
      if (loopback) continue;
      scenario::Nic nic;
      nic.name = dev;
      nic.mac = one.mac;
      hosts()[host].nics.push_back(std::move(nic));
    }
  }

  // What sent something is a host, called by the address that it sends from: rather the one that
  // it asks from, which is its own, than one that it answers for, which may be a VIP.
  void hosts_by_mac() {
    std::set<std::size_t> asked;
    for (const std::size_t i : order_) {
      const Bytes frame = capture_.frames[i].bytes;
      const FrameFacts facts = facts_of(frame);
      if (facts.src_mac.is_zero() || facts.src_mac.is_multicast()) continue;
      const auto [at, is_new] = by_mac_.try_emplace(facts.src_mac, hosts().size());
      if (is_new) {
        scenario::Host host;
        scenario::Nic nic;
        nic.name = "eth0";
        nic.mac = facts.src_mac;
        host.nics.push_back(std::move(nic));
        hosts().push_back(std::move(host));
      }
      const bool asks = facts.protocol == Protocol::kArp && !facts.arp_reply;
      const bool own = facts.protocol == Protocol::kArp || ttl_of(frame) == kUsualTtl;
      std::string& name = hosts()[at->second].name;
      if (!own || !facts.has_ip || facts.src.is_any()) continue;
      if (name.empty() || (asks && asked.insert(at->second).second)) name = name_of(facts.src);
    }
    std::set<std::string> taken;
    for (scenario::Host& host : hosts()) {
      if (host.name.empty()) host.name = host.nics.front().mac.to_string();
      if (!taken.insert(host.name).second) host.name += "@" + host.nics.front().mac.to_string();
      taken.insert(host.name);
    }
  }

  std::string name_of(IpAddr addr) const {
    const auto found = std::ranges::find(capture_.names, addr, &CaptureName::addr);
    return found == capture_.names.end() ? addr.to_string() : found->name;
  }

  // --- what happened -----------------------------------------------------------------------------

  void take(const CapturedFrame& frame) {
    const SimTime at{frame.at_ns - zero_ns_};
    if (!named_) return take_unnamed(frame, at);
    const auto plug = plugs_.find(frame.interface);
    if (plug == plugs_.end()) return;
    const FrameFacts facts = facts_of(frame.bytes);
    bool sent = frame.way == CaptureWay::kOut;
    if (frame.way == CaptureWay::kUnknown && !plug->second.loopback) {
      sent = facts.src_mac == hosts()[plug->second.host].nics[plug->second.nic].mac;
    }
    if (!frame.comment.empty()) add_note(frame.comment, plug->second, at);
    if (sent) {
      add_sent(frame.bytes, facts, plug->second, at);
    } else {
      add_received(frame.bytes, facts, plug->second, at);
    }
  }

  // Somebody listened in between: who sent it, and whom it reached.
  void take_unnamed(const CapturedFrame& frame, SimTime at) {
    const FrameFacts facts = facts_of(frame.bytes);
    const auto from = by_mac_.find(facts.src_mac);
    if (from == by_mac_.end()) return;
    const std::uint64_t digest = digest_of(frame.bytes);
    const auto last = flying_.find(digest);
    const bool again = last != flying_.end() && at.ns - last->second.at.ns < kOneFrameNs &&
                       last->second.interface != frame.interface;
    if (again) return;  // another interface saw it, too
    if (!frame.comment.empty()) add_note(frame.comment, {from->second, 0}, at);
    add_sent(frame.bytes, facts, {from->second, 0}, at);
    flying_[digest].interface = frame.interface;
    for (const auto& [mac, host] : by_mac_) {
      if (host == from->second) continue;
      if (facts.broadcast() || mac == facts.dst_mac) {
        add_received(frame.bytes, facts, {host, 0}, at);
      }
    }
  }

  static IfIndex dev_of(const Plug& plug) {
    return plug.loopback ? kLoopback : IfIndex(static_cast<std::uint16_t>(plug.nic + 2));
  }

  RecordId add(RecordKind kind, const Plug& plug, SimTime at, FrameId frame, RecordId cause) {
    TraceRecord record;
    record.kind = kind;
    record.at = at;
    record.node = NodeId(static_cast<std::uint32_t>(plug.host));
    record.dev = dev_of(plug);
    record.frame = frame;
    record.cause = cause;
    run_.chunk.records.push_back(record);
    return RecordId(static_cast<std::uint32_t>(run_.chunk.records.size() - 1));
  }

  FrameId keep(Bytes bytes) {
    run_.chunk.frame_bytes.insert(run_.chunk.frame_bytes.end(), bytes.begin(), bytes.end());
    run_.chunk.frame_lengths.push_back(static_cast<std::uint32_t>(bytes.size()));
    return FrameId(static_cast<std::uint32_t>(run_.chunk.frame_lengths.size() - 1));
  }

  // A note stands before what it is about, as that of a timeline item does.
  void add_note(const std::string& text, const Plug& plug, SimTime at) {
    scenario::TimelineItem item;
    item.note.en = item.note.zh = text;
    const RecordId note = add(RecordKind::kNote, plug, at, {}, {});
    run_.chunk.records[note.value].args[0] =
        static_cast<std::uint32_t>(run_.scenario.timeline.size());
    run_.chunk.records[note.value].dev = {};
    run_.scenario.timeline.push_back(std::move(item));
  }

  void add_sent(Bytes bytes, const FrameFacts& facts, const Plug& plug, SimTime at) {
    const RecordId cause = passed_on(bytes, facts, plug, at);
    const FrameId frame = keep(bytes);
    const RecordId record = add(RecordKind::kFrameSent, plug, at, frame, cause);
    flying_[digest_of(bytes)] = {record, frame, at, plug, 0};
    learn(bytes, facts, plug, cause.valid());
  }

  void add_received(Bytes bytes, const FrameFacts& facts, const Plug& plug, SimTime at) {
    const auto sent = flying_.find(digest_of(bytes));
    const bool known = sent != flying_.end() && at.ns - sent->second.at.ns < kOneFrameNs;
    const FrameId frame = known ? sent->second.frame : keep(bytes);
    const RecordId record =
        add(RecordKind::kFrameReceived, plug, at, frame, known ? sent->second.record : RecordId());
    if (known && !plug.loopback && !sent->second.plug.loopback) join(plug, sent->second.plug);
    std::deque<Held>& held = held_[plug.host];
    held.push_back({record, facts, std::vector<std::uint8_t>(bytes.begin(), bytes.end()), at});
    if (held.size() > kHeldPackets) held.pop_front();
  }

  // The packet that this host received and now sends on, whatever it rewrote.
  RecordId passed_on(Bytes bytes, const FrameFacts& facts, const Plug& plug, SimTime at) {
    std::deque<Held>& held = held_[plug.host];
    for (const Held& one : std::views::reverse(held)) {
      if (at.ns - one.at.ns > kOneFrameNs) break;
      const FrameFacts& was = one.facts;
      const bool same_end = was.src == facts.src || was.dst == facts.dst;
      const bool same_segment =
          facts.protocol == Protocol::kTcp && was.protocol == Protocol::kTcp && same_end &&
          was.tcp_seq == facts.tcp_seq && was.payload == facts.payload && was.label == facts.label;
      if (same_segment || (is_ip_packet(bytes) && same_packet(one.bytes, bytes))) return one.record;
    }
    return {};
  }

  // --- what that tells of the hosts --------------------------------------------------------------

  void learn(Bytes bytes, const FrameFacts& facts, const Plug& plug, bool forwarded) {
    Traits& traits = traits_[plug.host];
    traits.forwards = traits.forwards || forwarded;
    if (forwarded || plug.loopback) return;
    const std::uint8_t ttl = ttl_of(bytes);
    const bool own = facts.protocol == Protocol::kArp || ttl == kUsualTtl ||
                     (ttl == kFullTtl && facts.protocol == Protocol::kVrrp);
    if (own && facts.has_ip && !facts.src.is_any() && facts.envelope == Envelope::kNone) {
      const bool answered = facts.protocol == Protocol::kArp;
      bool& known = addresses_[plug][facts.src];
      known = known || answered;
      if (answered) arp_owners_.insert(facts.src);
    }
    traits.asks = traits.asks || (facts.syn && !facts.ack);
    traits.answers = traits.answers || (facts.syn && facts.ack);
  }

  void name_roles() {
    using scenario::Role;
    for (std::size_t h = 0; h < hosts().size(); ++h) {
      const Traits& traits = traits_[h];
      const auto serves = [&](const auto& entry) {
        return entry.first.host == h && entry.second.size() > 1;
      };
      Role& role = hosts()[h].role;
      if (traits.forwards) {
        // It passes on what was sent to an address of its own: that is a director.
        role = std::ranges::any_of(addresses_, serves) ? Role::kDirector : Role::kRouter;
      } else if (traits.answers) {
        role = Role::kRealServer;
      } else if (traits.asks) {
        role = Role::kClient;
      }
    }
  }

  // --- the networks ------------------------------------------------------------------------------

  std::size_t nic_count() const {
    std::size_t count = 0;
    for (const scenario::Host& host : run_.scenario.hosts) count += host.nics.size();
    return count;
  }
  std::size_t number_of(const Plug& plug) const {
    std::size_t number = plug.nic;
    for (std::size_t h = 0; h < plug.host; ++h) number += run_.scenario.hosts[h].nics.size();
    return number;
  }
  std::size_t root_of(std::size_t nic) {
    while (networks_[nic] != nic) nic = networks_[nic] = networks_[networks_[nic]];
    return nic;
  }
  // A frame that left one and reached the other: they are on one network.
  void join(const Plug& a, const Plug& b) {
    networks_[root_of(number_of(a))] = root_of(number_of(b));
  }

  void draw_networks() {
    std::map<std::size_t, std::vector<Plug>> networks;
    for (std::size_t h = 0; h < hosts().size(); ++h) {
      for (std::size_t n = 0; n < hosts()[h].nics.size(); ++n) {
        networks[root_of(number_of({h, n}))].push_back({h, n});
      }
    }
    for (const auto& [root, plugs] : networks) {
      if (plugs.size() < 2) continue;  // nothing is known of its other end
      scenario::Switch made;
      made.name = fmt::format("net{}", run_.scenario.switches.size() + 1);
      for (const Plug& plug : plugs) hosts()[plug.host].nics[plug.nic].switch_name = made.name;
      run_.scenario.switches.push_back(std::move(made));
    }
  }

  void finish_nodes() {
    for (const scenario::Host& host : hosts()) {
      TraceNode node{.name = host.name, .devices = {}};
      LinkRow lo;
      lo.dev = kLoopback;
      lo.name = ShortName("lo");
      lo.up = lo.loopback = true;
      node.devices.push_back(lo);
      for (std::size_t n = 0; n < host.nics.size(); ++n) {
        LinkRow link;
        link.dev = IfIndex(static_cast<std::uint16_t>(n + 2));
        link.name = ShortName(host.nics[n].name);
        link.mac = host.nics[n].mac;
        link.up = true;
        node.devices.push_back(link);
      }
      run_.chunk.nodes.push_back(std::move(node));
    }
  }

  // Before the first frame, so that the drawing shows them from the start.
  void add_addresses() {
    std::vector<TraceRecord> before;
    for (const auto& [plug, addresses] : addresses_) {
      for (const auto& [addr, by_arp] : addresses) {
        // A server that answers from a VIP, which ARP shows at another host, hides it.
        if (!by_arp && arp_owners_.contains(addr)) continue;
        if (!addr.is_v4()) continue;  // those of IPv6 show in the frames alone
        AddrRow row;
        row.dev = dev_of(plug);
        row.local = {addr.v4(), 32};  // no frame tells the network's size
        row.label = ShortName(hosts()[plug.host].nics[plug.nic].name);
        TraceRecord record;
        record.kind = RecordKind::kRowAdded;
        record.node = NodeId(static_cast<std::uint32_t>(plug.host));
        record.dev = row.dev;
        record.args[0] = static_cast<std::uint32_t>(run_.chunk.rows.size());
        before.push_back(record);
        run_.chunk.rows.emplace_back(row);
      }
    }
    run_.start = static_cast<Position>(before.size());
    for (TraceRecord& record : run_.chunk.records) {
      if (record.cause.valid()) record.cause.value += run_.start;
    }
    run_.chunk.records.insert(run_.chunk.records.begin(), before.begin(), before.end());
  }

  struct Flying {
    RecordId record;
    FrameId frame;
    SimTime at;
    Plug plug;
    std::uint32_t interface = 0;
  };
  struct Held {
    RecordId record;
    FrameFacts facts;
    std::vector<std::uint8_t> bytes;
    SimTime at;
  };
  struct Traits {
    bool forwards = false, asks = false, answers = false;
  };

  const Capture& capture_;
  RecordedRun run_;
  std::vector<std::size_t> order_;  ///< frames by time
  std::int64_t zero_ns_ = 0;
  bool named_ = false;
  std::map<std::uint32_t, Plug> plugs_;  ///< by interface of the capture
  std::map<MacAddr, std::size_t> by_mac_;
  std::map<std::uint64_t, Flying> flying_;  ///< the last sending, by the digest of its bytes
  std::map<std::size_t, std::deque<Held>> held_;
  std::map<std::size_t, Traits> traits_;
  /// True: it said so by ARP; false: it sends from it.
  std::map<Plug, std::map<IpAddr, bool>> addresses_;
  std::set<IpAddr> arp_owners_;
  std::vector<std::size_t> networks_;  ///< a forest over all NICs
};

}  // namespace

Result<RecordedRun> recorded_run(const Capture& capture, const std::string& name) {
  return RunMaker(capture, name).make();
}

Result<RecordedRun> recorded_run(const SavedRun& saved, const std::string& file) {
  auto scenario = scenario::load_text(saved.scenario, file);
  if (!scenario) {
    return fail(
        fmt::format("the scenario in this run has mistakes: {}", scenario.error().front().message),
        {file, 1, 1});
  }
  RecordedRun run{.scenario = *std::move(scenario),
                  .chunk = TraceChunk::since(saved.trace, {}, true),
                  .start = 0};
  const auto drawn = [&](const auto& parts, bool is_switch) {
    return std::ranges::all_of(parts, [&](const auto& part) {
      const NodeId node = saved.trace.find_node(part.name);
      return node.valid() && saved.trace.node(node).is_switch == is_switch;
    });
  };
  const std::size_t parts = run.scenario.hosts.size() + run.scenario.switches.size();
  if (saved.trace.nodes().size() != parts || !drawn(run.scenario.hosts, false) ||
      !drawn(run.scenario.switches, true)) {
    return fail("the scenario in this run draws other hosts than those that its records speak of",
                {file, 1, 1});
  }
  const auto is_untold_note = [&](const TraceRecord& r) {
    return r.kind == RecordKind::kNote && r.args[0] >= run.scenario.timeline.size();
  };
  if (std::ranges::any_of(run.chunk.records, is_untold_note)) {
    return fail("this run tells of a note that its scenario does not have", {file, 1, 1});
  }
  const auto begin = std::ranges::find_if(run.chunk.records, [](const TraceRecord& r) {
    return !names_row(r.kind) && r.kind != RecordKind::kDecision;
  });
  run.start = static_cast<Position>(begin - run.chunk.records.begin());
  return run;
}

}  // namespace lvslab::gui
