#pragma once

#include <string>

#include "storage/space.h"
#include "storage/storage.h"

namespace tideway {

// A directory. It is made (0777 & ~umask, files 0666 & ~umask) by the first open_write or
// open_append, with its parents.
//
// How a file becomes visible: it is written as `.tideway-PID-N.tmp` beside its final name;
// publish() syncs it, renames it and syncs the folder. Hidden `.tideway-*.tmp` names are therefore
// never listed, and removed by remove_abandoned(). Symbolic links to files are followed by list()
// and open_read(); linked folders are not walked, so that no cycle is.
class LocalStorage : public Storage {
 public:
  explicit LocalStorage(std::string root, SpacePolicy space = {});

  Result<std::vector<StoredFile>> list() override;
  Result<std::unique_ptr<ByteReader>> open_read(std::string_view path,
                                                std::uint64_t offset = 0) override;
  Result<std::unique_ptr<ByteWriter>> open_write(std::string_view path,
                                                 const std::stop_token& stop) override;
  Result<std::unique_ptr<ByteAppender>> open_append(std::string_view path,
                                                    const std::stop_token& stop) override;
  Result<void> remove(std::string_view path) override;
  Result<std::optional<std::uint64_t>> size(std::string_view path) override;
  // Of the root, or of its nearest parent that exists, within the budget.
  Result<std::uint64_t> free_bytes() override;
  Result<std::size_t> remove_abandoned() override;
  std::string name() const override { return root_; }

 private:
  Result<std::string> full_path(std::string_view path, ErrorCode code) const;
  Result<void> make_folder_of(const std::string& file, const std::stop_token& stop);

  const std::string root_;
  const SpacePolicy space_;
};

}  // namespace tideway
