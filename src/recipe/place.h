#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/guarded.h"
#include "base/result.h"
#include "storage/local_storage.h"
#include "storage/space.h"

namespace tideway::recipe {

// Says on what a storage waits, for the status block, and how much it may keep. Outlives the
// storage.
class SpaceWatch final : public SpaceObserver {
 public:
  SpaceWatch() = default;
  explicit SpaceWatch(std::optional<std::uint64_t> disk_bytes) {  // --disk
    if (disk_bytes) budget_.emplace(*disk_bytes);
  }
  DiskBudget* budget() { return budget_ ? &*budget_ : nullptr; }
  void waiting(const SpaceShortage& shortage) override;
  void resumed(std::string_view path) override;
  std::string text() const;  // "space: need 12.0 GiB, have 3.1 GiB on …"; empty: nobody waits

 private:
  std::optional<DiskBudget> budget_;
  Guarded<std::string> text_;
};

// TW603 where the folder is not there and cannot be made, or may not be written: names it and says
// what the system says. Leaves nothing behind.
Result<void> check_writable(const std::string& folder);

// That no other process of ours writes into a folder, for as long as it lives; it ends with the
// process, however that ends, and leaves nothing behind.
class FolderClaim {
 public:
  // Makes the folder when it is not there. TW108 while another process has it.
  static Result<FolderClaim> take(const std::string& folder);
  FolderClaim() = default;  // of nothing
  FolderClaim(FolderClaim&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FolderClaim& operator=(FolderClaim&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FolderClaim();

 private:
  explicit FolderClaim(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

// Where files are: a directory (local://, file://, or a plain path) or noop://. TW111 for a scheme
// that this version does not have. What is in a directory already counts to the watch's budget: a
// budget that is smaller than it is TW601.
Result<std::unique_ptr<Storage>> open_place(const std::string& url, SpaceWatch& watch);

}  // namespace tideway::recipe
