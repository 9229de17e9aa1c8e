#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

namespace tideway {

// Room for text of unknown length: what does not fit is counted instead, so that whoever gave the
// room learns how much is needed. A value; borrows the room.
class CellOut {
 public:
  CellOut(char* to, std::size_t room) : to_(to), room_(room) {}

  void append(std::string_view text) {
    if (text.size() <= room_ && size_ <= room_ - text.size())
      std::memcpy(to_ + size_, text.data(), text.size());
    size_ += text.size();
  }
  void append(char c) {
    if (size_ < room_) to_[size_] = c;
    ++size_;
  }
  std::size_t size() const { return size_; }  // fits or not
  bool fits() const { return size_ <= room_; }

 private:
  char* to_;
  std::size_t room_, size_ = 0;
};

}  // namespace tideway
