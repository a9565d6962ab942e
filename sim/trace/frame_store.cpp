#include "sim/trace/frame_store.h"

#include <algorithm>
#include <cstring>

#include "sim/base/check.h"

namespace lvslab {
namespace {

constexpr std::size_t kRewritten = 26, kHeaders = 66;
/// A shorter part costs no more than a reference to it and the search.
constexpr std::size_t kLeastShared = 16;
/// Flags beside the length in the head of a frame.
constexpr std::uint32_t kLengthMask = 0xff'ffff, kSharesHeaders = 1U << 30,
                        kSharesPayload = 1U << 31;
constexpr std::size_t kChunk = 65'536;

std::uint64_t load64(const std::uint8_t* from) {
  std::uint64_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class Value>
std::uint8_t* put(std::uint8_t* out, const Value& value) {
  std::memcpy(out, &value, sizeof value);
  return out + sizeof value;
}

std::uint8_t* put(std::uint8_t* out, Bytes bytes) {
  if (bytes.empty()) return out;
  std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

}  // namespace

/// Where the parts of a frame are.
struct FrameStore::Head {
  std::size_t length = 0;
  bool shares_headers = false, shares_payload = false;
  std::uint64_t rewritten = 0, headers = 0, payload = 0;  ///< offsets
  std::uint64_t end = 0;                                  ///< of all that the frame itself keeps
};

FrameStore::FrameStore(const FrameStore& other)
    : bytes_(other.bytes_), blocks_(other.blocks_), kept_(other.kept_), size_(other.size_) {}

FrameStore& FrameStore::operator=(const FrameStore& other) {
  if (this != &other) *this = FrameStore(other);
  return *this;
}

// The offset of an equal part; or kNowhere, and the part is known to be at `would_be_at` from now
// on.
template <class Equal>
std::uint64_t FrameStore::find_or_keep(const std::uint8_t* part, std::size_t length,
                                       std::uint64_t would_be_at, const Equal& equal) {
  const std::uint64_t mixed =
      (load64(part) ^ (load64(part + 8) * 31) ^ length) * 0x9e37'79b9'7f4a'7c15ULL;
  Kept& kept = kept_[mixed >> 53];
  static_assert(kPlaces == 1U << (64 - 53));
  const auto check = static_cast<std::uint32_t>(mixed) | 1U;
  if (kept.check == check && kept.offset + length <= would_be_at &&
      would_be_at - kept.offset <= 0xffff'ffffU && equal(bytes_.view().data() + kept.offset)) {
    return kept.offset;
  }
  kept = {would_be_at, check};
  return kNowhere;
}

FrameId FrameStore::add(Bytes frame) {
  LVSLAB_CHECK(frame.size() <= kLengthMask, "a frame of 16 MiB");
  if (size_ % kBlock == 0) begin_block();
  const std::uint64_t offset = bytes_.size();
  std::uint8_t* const begin = bytes_.room(3 * sizeof(std::uint32_t) + frame.size());
  std::uint8_t* out = begin + sizeof(std::uint32_t);
  auto head = static_cast<std::uint32_t>(frame.size());
  const auto at = [&] { return offset + static_cast<std::uint64_t>(out - begin); };
  const std::uint8_t* const from = frame.data();
  if (frame.size() < kHeaders) {
    out = put(out, frame);
  } else {
    // All lengths but that of the payload are known to the compiler.
    std::memcpy(out, from, kRewritten);
    out += kRewritten;
    constexpr std::size_t kRest = kHeaders - kRewritten;
    const std::uint8_t* const headers = from + kRewritten;
    const std::uint64_t known = find_or_keep(headers, kRest, at(), [&](const std::uint8_t* kept) {
      return std::memcmp(kept, headers, kRest) == 0;
    });
    if (known != kNowhere) {
      head |= kSharesHeaders;
      out = put(out, static_cast<std::uint32_t>(at() - known));
    } else {
      std::memcpy(out, headers, kRest);
      out += kRest;
    }
    out = put_payload(out, frame.subspan(kHeaders), at(), head);
  }
  put(begin, head);
  bytes_.extend(static_cast<std::size_t>(out - begin));
  return FrameId(size_++);
}

std::uint8_t* FrameStore::put_payload(std::uint8_t* out, Bytes payload, std::uint64_t at,
                                      std::uint32_t& head) {
  if (payload.size() >= kLeastShared) {
    const std::uint64_t known =
        find_or_keep(payload.data(), payload.size(), at, [&](const std::uint8_t* kept) {
          return std::memcmp(kept, payload.data(), payload.size()) == 0;
        });
    if (known != kNowhere) {
      head |= kSharesPayload;
      return put(out, static_cast<std::uint32_t>(at - known));
    }
  }
  return put(out, payload);
}

void FrameStore::begin_block() {
  if (kept_.empty()) kept_.resize(kPlaces);
  blocks_.push_back(bytes_.size());
}

FrameStore::Head FrameStore::head_at(std::uint64_t offset) const {
  const std::uint8_t* const bytes = bytes_.view().data();
  std::uint32_t word;
  std::memcpy(&word, bytes + offset, sizeof word);
  Head head;
  head.length = word & kLengthMask;
  head.shares_headers = (word & kSharesHeaders) != 0;
  head.shares_payload = (word & kSharesPayload) != 0;
  head.rewritten = offset + sizeof word;
  std::uint64_t at = head.rewritten + std::min(head.length, kRewritten);
  const auto part = [&](bool shared, std::size_t begin, std::size_t end) {
    const std::uint64_t here = at;
    if (!shared) {
      at += std::min(head.length, end) - std::min(head.length, begin);
      return here;
    }
    std::uint32_t distance;
    std::memcpy(&distance, bytes + at, sizeof distance);
    at += sizeof distance;
    return here - distance;
  };
  head.headers = part(head.shares_headers, kRewritten, kHeaders);
  head.payload = part(head.shares_payload, kHeaders, head.length);
  head.end = at;
  return head;
}

std::uint64_t FrameStore::offset_of(FrameId id) const {
  std::uint64_t offset = blocks_[id.value / kBlock];
  for (std::uint32_t i = id.value % kBlock; i > 0; --i) offset = head_at(offset).end;
  return offset;
}

std::size_t FrameStore::length(FrameId id) const { return head_at(offset_of(id)).length; }

void FrameStore::put_together(const Head& head, std::uint8_t* out) const {
  const Bytes bytes = bytes_.view();
  const std::size_t first = std::min(head.length, kRewritten);
  const std::size_t second = std::min(head.length, kHeaders) - first;
  out = put(out, bytes.subspan(head.rewritten, first));
  out = put(out, bytes.subspan(head.headers, second));
  put(out, bytes.subspan(head.payload, head.length - first - second));
}

Bytes FrameStore::read(FrameId id, std::vector<std::uint8_t>& buffer) const {
  const Head head = head_at(offset_of(id));
  if (!head.shares_headers && !head.shares_payload) {
    return bytes_.view().subspan(head.rewritten, head.length);
  }
  buffer.resize(head.length);
  put_together(head, buffer.data());
  return buffer;
}

Bytes FrameStore::operator[](FrameId id) const {
  const Head head = head_at(offset_of(id));
  if (!head.shares_headers && !head.shares_payload) {
    return bytes_.view().subspan(head.rewritten, head.length);
  }
  if (unpacked_.of.size() < size_) unpacked_.of.resize(size_);
  const std::uint8_t*& known = unpacked_.of[id.value];
  if (known == nullptr) {
    std::uint8_t* const room = unpacked_room(head.length);
    put_together(head, room);
    known = room;
  }
  return {known, head.length};
}

std::uint8_t* FrameStore::unpacked_room(std::size_t length) const {
  auto& chunks = unpacked_.chunks;
  if (chunks.empty() || unpacked_.used + length > kChunk) {
    chunks.push_back(std::make_unique_for_overwrite<std::uint8_t[]>(std::max(kChunk, length)));
    unpacked_.used = 0;
  }
  std::uint8_t* const room = chunks.back().get() + unpacked_.used;
  unpacked_.used += length;
  return room;
}

void FrameStore::cut(std::size_t size) {
  if (size >= size_) return;
  const auto keep = static_cast<std::uint32_t>(size);
  const std::uint64_t end = offset_of(FrameId(keep));
  for (Kept& kept : kept_) {
    if (kept.offset >= end) kept = {};  // what is forgotten must not be referred to
  }
  bytes_.cut(end);
  blocks_.cut((keep + kBlock - 1) / kBlock);
  size_ = keep;
  unpacked_ = {};
}

std::size_t FrameStore::memory_bytes() const {
  return bytes_.memory_bytes() + blocks_.memory_bytes() + kept_.capacity() * sizeof(Kept) +
         unpacked_.chunks.size() * kChunk + unpacked_.of.capacity() * sizeof(std::uint8_t*);
}

}  // namespace lvslab
