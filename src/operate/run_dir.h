#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "storage/local_file.h"

namespace tideway {

// The directory in which the running jobs of this account can be found: for each a file `STEM.job`,
// locked by the process as long as it lives and holding the job's name, and its socket `STEM.sock`.
// A file that nobody has locked is of a job that ended without a word. The lock, and not the
// socket, says whose the name is: two processes of one job name never take each other's socket.
class RunDir {
 public:
  // TIDEWAY_RUN_DIR; without it tideway-UID in XDG_RUNTIME_DIR and in /tmp. A job that starts takes
  // the first; who looks for a job looks in all of them, as the job may have been started in
  // another environment.
  static std::vector<std::string> places();

  // Makes it when it is not there. TW603: it cannot be made, is no directory, belongs to another
  // account, or others may write into it.
  static Result<RunDir> make(const std::string& path);
  // nullopt: it is not there.
  static Result<std::optional<RunDir>> find(const std::string& path);

  // The right to a job's name on this machine. Gives it back, and removes the files, on
  // destruction.
  class Claim {
   public:
    Claim(Claim&&) noexcept = default;
    Claim& operator=(Claim&&) = delete;
    ~Claim();
    // Listens at the job's socket; only this account can connect. TW603.
    Result<FileHandle> listen() const;

   private:
    friend class RunDir;
    Claim(int directory, std::string stem, FileHandle lock)
        : directory_(directory), stem_(std::move(stem)), lock_(std::move(lock)) {}
    int directory_;
    std::string stem_;
    FileHandle lock_;
  };
  // The directory outlives the claim. TW108: another process has it.
  Result<Claim> claim(const std::string& job) const;

  struct Found {
    std::string job;
    bool is_running = false;
  };
  // Every job there is a file of; the files of those that do not run are removed.
  std::vector<Found> sweep() const;
  // TW117: nobody listens there.
  Result<FileHandle> connect(const std::string& job) const;

  const std::string& path() const { return path_; }

 private:
  RunDir(std::string path, FileHandle handle)
      : path_(std::move(path)), handle_(std::move(handle)) {}
  static Result<RunDir> check(const std::string& path, FileHandle handle);

  std::string path_;
  FileHandle handle_;
};

// The name of a job's files without their ending: what of the job's name is harmless in a file
// name, and a hash of all of it. At most 57 bytes.
std::string file_stem(const std::string& job);

}  // namespace tideway
