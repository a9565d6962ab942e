// A value on the heap that is made at first use and copied with its owner: an owner that never
// needs it pays one pointer.
#pragma once

#include <memory>

namespace lvslab {

template <class T>
class Boxed {
 public:
  Boxed() = default;
  Boxed(const Boxed& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Boxed(Boxed&&) noexcept = default;
  Boxed& operator=(const Boxed& other) {
    if (this != &other) *this = Boxed(other);
    return *this;
  }
  Boxed& operator=(Boxed&&) noexcept = default;
  ~Boxed() = default;

  bool exists() const { return value_ != nullptr; }
  /// The value, made if there was none.
  T& get() {
    if (!value_) value_ = std::make_unique<T>();
    return *value_;
  }
  const T* peek() const { return value_.get(); }
  T* peek() { return value_.get(); }
  void reset() { value_.reset(); }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace lvslab
