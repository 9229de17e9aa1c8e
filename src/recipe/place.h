#pragma once

#include <memory>
#include <string>

#include "base/guarded.h"
#include "base/result.h"
#include "storage/local_storage.h"
#include "storage/space.h"

namespace tideway::recipe {

// Says on what a storage waits, for the status block. Outlives the storage.
class SpaceWatch final : public SpaceObserver {
 public:
  void waiting(const SpaceShortage& shortage) override;
  void resumed(std::string_view path) override;
  std::string text() const;  // "space: need 12.0 GiB, have 3.1 GiB on …"; empty: nobody waits

 private:
  Guarded<std::string> text_;
};

// Where files are: a directory (local://, file://, or a plain path) or noop://. TW111 for a scheme
// that this version does not have.
Result<std::unique_ptr<Storage>> open_place(const std::string& url, SpaceWatch& watch);

}  // namespace tideway::recipe
