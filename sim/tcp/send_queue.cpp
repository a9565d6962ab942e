#include "sim/tcp/send_queue.h"

#include <algorithm>
#include <cstring>

namespace lvslab::tcp {
namespace {

constexpr std::size_t kSmallestPart = 512, kLargestPart = 65'536;  // bytes

}  // namespace

void SendQueue::add_part(FramePool& pool, std::size_t wanted) {
  const std::size_t room =
      std::min(std::max({wanted, std::size_t{size_}, kSmallestPart}), kLargestPart);
  const Part part{pool.allocate(room), end(), 0, static_cast<std::uint32_t>(room)};
  if (first_.buffer.valid()) {
    later_.push_back(part);
  } else {
    first_ = part;
  }
}

void SendQueue::append(FramePool& pool, std::span<const std::uint8_t> data) {
  while (!data.empty()) {
    if (newest().used == newest().room) add_part(pool, data.size());
    Part& part = newest();
    const auto bytes =
        static_cast<std::uint32_t>(std::min<std::size_t>(data.size(), part.room - part.used));
    std::memcpy(pool.writable(part.buffer).data() + part.used, data.data(), bytes);
    part.used += bytes;
    size_ += bytes;
    data = data.subspan(bytes);
  }
}

void SendQueue::copy(const FramePool& pool, std::uint32_t seq, MutBytes out) const {
  // From the newest on: most of what is copied is sent for the first time.
  std::size_t at = later_.size();
  while (at > 0 && seq - later_[at - 1].begin >= later_[at - 1].used) --at;
  for (; !out.empty(); ++at) {
    const Part& part = at == 0 ? first_ : later_[at - 1];
    const std::uint32_t from = seq - part.begin;
    const auto bytes =
        static_cast<std::uint32_t>(std::min<std::size_t>(out.size(), part.used - from));
    std::memcpy(out.data(), pool.bytes(part.buffer).data() + from, bytes);
    out = out.subspan(bytes);
    seq += bytes;
  }
}

void SendQueue::release(FramePool& pool, std::uint32_t bytes) {
  seq_ += bytes;
  size_ -= bytes;
  while (first_.buffer.valid() && seq_ - first_.begin >= first_.used) {
    pool.release(first_.buffer);
    first_ = {};
    if (later_.empty()) return;
    first_ = later_.front();
    later_.erase(later_.begin());
  }
}

}  // namespace lvslab::tcp
