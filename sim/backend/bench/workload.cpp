#include "sim/backend/bench/workload.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/host/network.h"
#include "sim/scenario/model.h"

namespace lvslab::backend {
namespace {

constexpr std::uint32_t kServers = 4;
constexpr Ipv4Addr kVip{0x0a01'0064};       // 10.1.0.100
constexpr Ipv4Addr kDirector{0x0a01'0001};  // 10.1.0.1
constexpr link::Impairment kCable{.delay = {25'000}, .jitter = {}, .rate_bps = 1'000'000'000};

constexpr Ipv4Addr server_ip(std::uint32_t server) { return {0x0a01'000bU + server}; }
constexpr Ipv4Addr client_ip(std::uint32_t client) { return {0x0a01'0100U + client}; }

host::BootConfig boot_of(std::string name, std::size_t index, Ipv4Addr ip) {
  host::BootConfig boot;
  boot.name = std::move(name);
  boot.nics.push_back({"eth0", scenario::default_mac(index, 0), 1500, {{ip, 16}}});
  return boot;
}

}  // namespace

struct Workload::State {
  host::Network network;
  Trace* trace = nullptr;
  NodeId first_client{0};
  std::uint32_t clients = 0;
  std::uint64_t expected = 0;  ///< connections; UDP: datagrams
  std::uint64_t expected_bytes = 0;
  std::uint64_t response_bytes = 0;
  bool holds = false;
  std::optional<NodeId> sink;

  void type(NodeId host, const std::string& line) {
    const host::JobId job = network.type(host, line, nullptr);
    LVSLAB_CHECK(network.job(host, job).done && network.job(host, job).status == 0,
                 network.job(host, job).output.c_str());
  }
  /// The program that was started last on a host.
  template <class App>
  const App& app(NodeId host) const {
    const auto& processes = network.host(host).user.peek()->processes;
    for (std::uint32_t i = 0; i < processes.limit(); ++i) {
      if (const auto* found = std::get_if<App>(&processes[i].app)) return *found;
    }
    check_failed("app", __FILE__, __LINE__, "the program of a benchmark has ended");
  }
  WorkCounts counts() const {
    WorkCounts counts{.events = network.events_run(), .frames = network.frames_arrived()};
    if (sink) counts.bytes = app<apps::UdpSink>(*sink).received;
    for (std::uint32_t c = 0; c < clients && !sink; ++c) {
      const auto& client = app<apps::WebClient>(NodeId(first_client.value + c));
      counts.succeeded += client.succeeded;
      counts.failed += client.failed;
      counts.bytes += client.bytes_received;
    }
    return counts;
  }
  bool done() const {
    const WorkCounts now = counts();
    if (sink) return now.bytes >= expected;
    // A connection that failed will never get its response.
    if (holds) return now.bytes + now.failed * response_bytes >= expected_bytes;
    return now.succeeded + now.failed >= expected;
  }
};

Workload::Workload(std::unique_ptr<State> state) : state_(std::move(state)) {}
Workload::Workload(Workload&&) noexcept = default;
Workload& Workload::operator=(Workload&&) noexcept = default;
Workload::~Workload() = default;

namespace {

void teach(auto& state, NodeId host, Ipv4Addr ip, std::size_t owner) {
  state.type(host, fmt::format("ip neigh replace {} lladdr {} dev eth0 nud permanent",
                               ip.to_string(), scenario::default_mac(owner, 0).to_string()));
}

// The VIP, the service, and who knows whom.
void set_up_director(auto& state) {
  const std::string vip = kVip.to_string();
  const NodeId director(0);
  state.type(director, fmt::format("ip addr add {}/16 dev eth0", vip));
  state.type(director, fmt::format("ipvsadm -A -t {}:80 -s rr", vip));
  for (std::uint32_t s = 0; s < kServers; ++s) {
    state.type(director,
               fmt::format("ipvsadm -a -t {}:80 -r {} -g", vip, server_ip(s).to_string()));
    teach(state, director, server_ip(s), 1 + s);
  }
}

}  // namespace

Workload Workload::web(const WebWork& work) {
  auto made = std::make_unique<State>();
  State& state = *made;
  host::Network& network = state.network;
  network.add_host(boot_of("director", 0, kDirector));
  for (std::uint32_t s = 0; s < kServers; ++s) {
    network.add_host(boot_of(fmt::format("s{}", s), 1 + s, server_ip(s)));
  }
  for (std::uint32_t c = 0; c < work.clients; ++c) {
    network.add_host(boot_of(fmt::format("c{}", c), 1 + kServers + c, client_ip(c)));
  }
  const NodeId lan = network.add_switch("lan");
  for (std::uint32_t h = 0; h < network.hosts(); ++h) network.plug(NodeId(h), 0, lan, kCable);
  for (std::uint32_t h = 0; h < network.hosts(); ++h) network.boot(NodeId(h), nullptr);

  state.first_client = NodeId(1 + kServers);
  state.clients = work.clients;
  state.holds = work.hold.ns > 0;
  if (work.director) set_up_director(state);
  for (std::uint32_t s = 0; s < kServers; ++s) {
    const NodeId server(1 + s);
    if (work.director)
      state.type(server, fmt::format("ip addr add {}/32 dev lo", kVip.to_string()));
    for (std::uint32_t c = 0; c < work.clients; ++c) {
      teach(state, server, client_ip(c), 1 + kServers + c);
    }
    network.start_app(server, apps::WebServer{.response_bytes = work.response_bytes}, nullptr);
  }
  for (std::uint32_t c = 0; c < work.clients; ++c) {
    const NodeId client(state.first_client.value + c);
    const Ipv4Addr to = work.director ? kVip : server_ip(0);
    teach(state, client, to, work.director ? 0 : 1);
    apps::WebClient app;
    app.server = {to, 80};
    app.connections = work.connections / work.clients;
    app.parallel = work.parallel;
    app.response_bytes = work.response_bytes;
    app.hold = work.hold;
    app.delay = {1'000'000 + 10'000LL * c};
    // With a hold, openings are spread over half of it: all are open before the first one closes.
    app.gap = state.holds ? work.hold / 2 / work.parallel : SimDuration{50'000};
    state.expected += app.connections;
    network.start_app(client, std::move(app), nullptr);
  }
  state.response_bytes = work.response_bytes;
  state.expected_bytes = state.expected * work.response_bytes;
  return Workload(std::move(made));
}

Workload Workload::udp(std::uint32_t count) {
  auto made = std::make_unique<State>();
  host::Network& network = made->network;
  host::BootConfig client = boot_of("client", 0, {0x0a01'000a});
  client.routes.push_back({.dst = {{}, 0}, .via = {0x0a01'0001}, .dev = {}});
  host::BootConfig router = boot_of("router", 1, {0x0a01'0001});
  router.nics.push_back({"eth1", scenario::default_mac(1, 1), 1500, {{{0x0a02'0001}, 16}}});
  router.sysctls.push_back({"net.ipv4.ip_forward", "1"});
  host::BootConfig server = boot_of("server", 2, {0x0a02'000a});
  server.routes.push_back({.dst = {{}, 0}, .via = {0x0a02'0001}, .dev = {}});
  for (const auto& boot : {client, router, server}) network.add_host(boot);
  network.join_nics(NodeId(0), 0, kCable, NodeId(1), 0, kCable);
  network.join_nics(NodeId(1), 1, kCable, NodeId(2), 0, kCable);
  for (std::uint32_t h = 0; h < 3; ++h) network.boot(NodeId(h), nullptr);
  made->sink = NodeId(2);
  made->expected = count;
  network.start_app(NodeId(2), apps::UdpSink{}, nullptr);
  apps::UdpSource source;
  source.to = {{0x0a02'000a}, 9};
  source.count = count;
  source.gap = {5'000};
  network.start_app(NodeId(0), std::move(source), nullptr);
  return Workload(std::move(made));
}

Workload Workload::idle(std::uint32_t hosts) {
  auto made = std::make_unique<State>();
  host::Network& network = made->network;
  for (std::uint32_t h = 0; h < hosts; ++h) {
    network.add_host(boot_of(fmt::format("h{}", h), h, client_ip(h)));
  }
  const NodeId lan = network.add_switch("lan");
  for (std::uint32_t h = 0; h < hosts; ++h) network.plug(NodeId(h), 0, lan, kCable);
  for (std::uint32_t h = 0; h < hosts; ++h) network.boot(NodeId(h), nullptr);
  return Workload(std::move(made));
}

void Workload::record(Trace& trace) {
  state_->trace = &trace;
  state_->network.describe(trace);
}

void Workload::run() {
  host::Network& network = state_->network;
  // Asking all clients is not free: seldom, and more seldom where there are many.
  const std::uint64_t batch = std::max<std::uint64_t>(1'024, state_->clients * 4ULL);
  do {
    for (std::uint64_t i = 0; i < batch; ++i) {
      if (network.next_event() == SimTime::never()) return;
      network.run_one(state_->trace);
    }
  } while (!state_->done());
}

WorkCounts Workload::counts() const { return state_->counts(); }

// --- the event queue alone
// -------------------------------------------------------------------------

struct EventHold::State {
  EventQueue queue;
  Prng random{1};
};

EventHold::EventHold(std::uint32_t pending) : state_(std::make_unique<State>()) {
  for (std::uint32_t i = 0; i < pending; ++i) {
    state_->queue.schedule({state_->random.below(1'000'000)}, SourceKind::kHost, i);
  }
}
EventHold::~EventHold() = default;

std::int64_t EventHold::hold(std::uint32_t times) {
  std::int64_t last = 0;
  for (std::uint32_t i = 0; i < times; ++i) {
    const Event event = state_->queue.pop();
    last = event.at.ns;
    const SimDuration distance{1 + state_->random.below(1'000'000)};
    state_->queue.schedule(event.at + distance, event.kind, event.source);
  }
  return last;
}

}  // namespace lvslab::backend
