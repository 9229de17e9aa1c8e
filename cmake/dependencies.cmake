# Third-party libraries, as Debian 12 packages them (tools/setup installs them). A library is looked for here when the
# first room needs it. Rooms name these targets in LIBS, or in PUBLIC_LIBS when their headers include the library:
#   fmt::fmt spdlog::spdlog nlohmann_json::nlohmann_json yaml-cpp CLI11::CLI11 tl::expected
#   PkgConfig::libmariadb PkgConfig::re2 OpenSSL::SSL OpenSSL::Crypto
#   zstd::libzstd_shared ZLIB::ZLIB PkgConfig::liblz4 Snappy::snappy PkgConfig::libxxhash PkgConfig::libdeflate
#   PkgConfig::libutf8proc
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# Packages that bring a CMake configuration.
foreach(package fmt spdlog nlohmann_json yaml-cpp CLI11 tl-expected zstd Snappy)
  find_package(${package} CONFIG REQUIRED)
endforeach()

find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)

# Packages that Debian ships with a pkg-config file only.
foreach(package libmariadb re2 liblz4 libxxhash libdeflate libutf8proc)
  pkg_check_modules(${package} REQUIRED IMPORTED_TARGET ${package})
endforeach()

if(BUILD_TESTING)
  find_package(GTest REQUIRED)
endif()
