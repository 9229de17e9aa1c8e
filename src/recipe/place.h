#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/guarded.h"
#include "base/result.h"
#include "storage/local_file.h"
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

// No other process of ours writes into the folder for as long as the handle lives, which ends with
// the process, however that ends, and leaves nothing behind. Makes the folder when it is not there.
// TW108 while another process has it.
Result<FileHandle> claim_folder(const std::string& folder);

// Where files are: a directory (local://, file://, or a plain path) or noop://. TW111 for a scheme
// that this version does not have. What is in a directory already counts to the watch's budget: a
// budget that is smaller than it is TW601.
Result<std::unique_ptr<Storage>> open_place(const std::string& url, SpaceWatch& watch);

}  // namespace tideway::recipe
