#include "sim/link/fabric.h"

#include <algorithm>

namespace lvslab::link {

std::uint32_t Fabric::connect(Plug a, Plug b, const Impairment& impairment) {
  const std::uint32_t shared = intern(impairment);
  const std::uint32_t forth = add(b, shared);
  const std::uint32_t back = add(a, shared);
  directions_[forth].reverse = back;
  directions_[back].reverse = forth;
  return forth;
}

std::uint32_t Fabric::loop(Plug end) { return add(end, intern({})); }

std::uint32_t Fabric::add(Plug to, std::uint32_t impairment) {
  Direction d;
  d.impairment = impairment;
  d.to = to;
  d.reverse = static_cast<std::uint32_t>(directions_.size());
  directions_.push_back(d);
  return static_cast<std::uint32_t>(directions_.size() - 1);
}

std::uint32_t Fabric::intern(const Impairment& impairment) {
  const auto known = std::find(impairments_.begin(), impairments_.end(), impairment);
  if (known == impairments_.end()) {
    impairments_.push_back(impairment);
    return static_cast<std::uint32_t>(impairments_.size() - 1);
  }
  return static_cast<std::uint32_t>(known - impairments_.begin());
}

void Fabric::set_impairment(std::uint32_t direction, const Impairment& impairment) {
  directions_[direction].impairment = intern(impairment);
}

void Fabric::set_up(World& world, std::uint32_t direction, bool up) {
  directions_[direction].up = up;
  if (!up) lose(world, direction);
}

void Fabric::lose(World& world, std::uint32_t direction) {
  Direction& d = directions_[direction];
  while (d.head != kNone) world.frames.release(pop_head(d).frame);
  d.scheduled = SimTime::never();
}

Fabric::Flight Fabric::pop_head(Direction& d) {
  const std::uint32_t index = d.head;
  const Flight flight = flights_[index];
  d.head = flight.next;
  if (d.head == kNone) d.tail = kNone;
  --d.queued;
  free_.push_back(index);
  return flight;
}

void Fabric::transmit(Step& step, std::uint32_t direction, IfIndex from, FrameRef frame) {
  World& world = step.world();
  Direction& d = directions_[direction];
  const Impairment& how = impairments_[d.impairment];
  RecordId sent;
  if (step.tracing()) [[unlikely]]
    sent = step.frame_sent(from, frame);
  if (!d.up) return step.drop(frame, Reason::kLinkDown, from);
  if (how.rate_bps != 0 && d.busy_until > world.now && d.queued >= how.queue_frames) {
    return step.drop(frame, Reason::kLinkQueueFull, from, {d.queued, 0, 0});
  }
  if (how.loss_ppm != 0 && world.random.chance_ppm(how.loss_ppm)) {
    return step.drop(frame, Reason::kLinkLoss, from, {how.loss_ppm, 0, 0});
  }
  const std::size_t length = world.frames.bytes(frame).size();
  d.busy_until = std::max(world.now, d.busy_until) + serialisation_time(length, how.rate_bps);
  SimTime at = d.busy_until + how.delay;
  if (how.jitter.ns > 0) {
    const auto span = static_cast<std::uint64_t>(how.jitter.ns) + 1;
    at = at + SimDuration{static_cast<std::int64_t>(world.random.next() % span)};
  }
  at = d.last_arrival = std::max(at, d.last_arrival);
  if (how.duplicate_ppm != 0 && world.random.chance_ppm(how.duplicate_ppm)) {
    step.explain(Reason::kLinkDuplicated, from, {how.duplicate_ppm, 0, 0});
    world.frames.retain(frame);
    enqueue(world, direction, at, frame, sent);
  }
  enqueue(world, direction, at, frame, sent);
}

void Fabric::enqueue(World& world, std::uint32_t direction, SimTime at, FrameRef frame,
                     RecordId cause) {
  std::uint32_t index;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(flights_.size());
    flights_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  const std::uint64_t turn = world.events.take_turn();
  flights_[index] = {at, turn, frame, cause, kNone};
  Direction& d = directions_[direction];
  ++d.queued;
  if (d.tail == kNone) {
    d.head = d.tail = index;
    d.scheduled = at;
    world.events.schedule(at, SourceKind::kLink, direction, turn);
  } else {
    flights_[d.tail].next = index;
    d.tail = index;
  }
}

std::optional<Arrival> Fabric::arrive(World& world, std::uint32_t direction) {
  Direction& d = directions_[direction];
  if (d.scheduled != world.now || d.head == kNone) return std::nullopt;
  const Flight flight = pop_head(d);
  if (d.head == kNone) {
    d.scheduled = SimTime::never();
  } else {
    d.scheduled = flights_[d.head].at;
    world.events.schedule(d.scheduled, SourceKind::kLink, direction, flights_[d.head].turn);
  }
  return Arrival{flight.frame, flight.cause, d.to};
}

}  // namespace lvslab::link
