// A value on the heap that is made at first use and copied with its owner: a host pays one pointer
// for what it never needed.
#pragma once

#include <memory>

namespace lvslab::ip {

template <class T>
class Lazy {
 public:
  Lazy() = default;
  Lazy(const Lazy& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Lazy(Lazy&&) noexcept = default;
  Lazy& operator=(const Lazy& other) {
    if (this != &other) *this = Lazy(other);
    return *this;
  }
  Lazy& operator=(Lazy&&) noexcept = default;
  ~Lazy() = default;

  const T* peek() const { return value_.get(); }
  T* peek() { return value_.get(); }
  T& get() {
    if (!value_) value_ = std::make_unique<T>();
    return *value_;
  }
  void reset() { value_.reset(); }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace lvslab::ip
