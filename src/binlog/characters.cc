#include "binlog/characters.h"

#include <fmt/format.h>
#include <iconv.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <memory>
#include <optional>

#include "base/guarded.h"
#include "base/text.h"
#include "model/utf8.h"

namespace tideway {
namespace {

struct Known {
  std::string_view name, iconv_name;
  std::uint32_t longest;
};
// Of the C library's tables the one that differs least.
constexpr std::array known_sets = {
    Known{"armscii8", "ARMSCII-8", 1},
    Known{"ascii", "ASCII", 1},
    Known{"big5", "BIG5-HKSCS", 2},
    Known{"cp1250", "CP1250", 1},
    Known{"cp1251", "CP1251", 1},
    Known{"cp1256", "CP1256", 1},
    Known{"cp1257", "CP1257", 1},
    Known{"cp850", "CP850", 1},
    Known{"cp852", "CP852", 1},
    Known{"cp866", "CP866", 1},
    Known{"cp932", "CP932", 2},
    Known{"dec8", "DEC-MCS", 1},
    Known{"eucjpms", "EUC-JP-MS", 3},
    Known{"euckr", "CP949", 2},
    Known{"gb18030", "GB18030", 4},
    Known{"gb2312", "GB2312", 2},
    Known{"gbk", "GBK", 2},
    Known{"geostd8", "GEORGIAN-PS", 1},
    Known{"greek", "ISO-8859-7", 1},
    Known{"hebrew", "ISO-8859-8", 1},
    Known{"hp8", "HP-ROMAN8", 1},
    Known{"keybcs2", "CP852", 1},
    Known{"koi8r", "KOI8-R", 1},
    Known{"koi8u", "KOI8-U", 1},
    Known{"latin1", "CP1252", 1},
    Known{"latin2", "ISO-8859-2", 1},
    Known{"latin5", "ISO-8859-9", 1},
    Known{"latin7", "ISO-8859-13", 1},
    Known{"macce", "MAC-CENTRALEUROPE", 1},
    Known{"macroman", "MACINTOSH", 1},
    Known{"sjis", "CP932", 2},
    Known{"swe7", "ISO646-SE2", 1},
    Known{"tis620", "TIS-620", 1},
    Known{"ucs2", "", 2},
    Known{"ujis", "EUC-JP-MS", 3},
    Known{"utf16", "", 4},
    Known{"utf16le", "", 4},
    Known{"utf32", "", 4},
    Known{"utf8", "", 3},
    Known{"utf8mb3", "", 3},
    Known{"utf8mb4", "", 4},
};

struct Difference {
  std::string_view set;
  std::uint32_t code, character, count;
};
constexpr std::array differences = {
#define CHARSET_DIFFERENCE(set, code, character, count) Difference{#set, code, character, count},
#include "binlog/charset_differences.def"
#undef CHARSET_DIFFERENCE
};

// Numbers of collations that follow each other in one set. 255 to 323 are those of MySQL 8.
struct CollationRun {
  std::uint32_t first, last;
  std::string_view set;
};
constexpr std::array collation_runs = {
    CollationRun{1, 1, "big5"},        CollationRun{2, 2, "latin2"},
    CollationRun{3, 3, "dec8"},        CollationRun{4, 4, "cp850"},
    CollationRun{5, 5, "latin1"},      CollationRun{6, 6, "hp8"},
    CollationRun{7, 7, "koi8r"},       CollationRun{8, 8, "latin1"},
    CollationRun{9, 9, "latin2"},      CollationRun{10, 10, "swe7"},
    CollationRun{11, 11, "ascii"},     CollationRun{12, 12, "ujis"},
    CollationRun{13, 13, "sjis"},      CollationRun{14, 14, "cp1251"},
    CollationRun{15, 15, "latin1"},    CollationRun{16, 16, "hebrew"},
    CollationRun{18, 18, "tis620"},    CollationRun{19, 19, "euckr"},
    CollationRun{20, 20, "latin7"},    CollationRun{21, 21, "latin2"},
    CollationRun{22, 22, "koi8u"},     CollationRun{23, 23, "cp1251"},
    CollationRun{24, 24, "gb2312"},    CollationRun{25, 25, "greek"},
    CollationRun{26, 26, "cp1250"},    CollationRun{27, 27, "latin2"},
    CollationRun{28, 28, "gbk"},       CollationRun{29, 29, "cp1257"},
    CollationRun{30, 30, "latin5"},    CollationRun{31, 31, "latin1"},
    CollationRun{32, 32, "armscii8"},  CollationRun{33, 33, "utf8"},
    CollationRun{34, 34, "cp1250"},    CollationRun{35, 35, "ucs2"},
    CollationRun{36, 36, "cp866"},     CollationRun{37, 37, "keybcs2"},
    CollationRun{38, 38, "macce"},     CollationRun{39, 39, "macroman"},
    CollationRun{40, 40, "cp852"},     CollationRun{41, 42, "latin7"},
    CollationRun{43, 43, "macce"},     CollationRun{44, 44, "cp1250"},
    CollationRun{45, 46, "utf8mb4"},   CollationRun{47, 49, "latin1"},
    CollationRun{50, 52, "cp1251"},    CollationRun{53, 53, "macroman"},
    CollationRun{54, 55, "utf16"},     CollationRun{56, 56, "utf16le"},
    CollationRun{57, 57, "cp1256"},    CollationRun{58, 59, "cp1257"},
    CollationRun{60, 61, "utf32"},     CollationRun{62, 62, "utf16le"},
    CollationRun{63, 63, "binary"},    CollationRun{64, 64, "armscii8"},
    CollationRun{65, 65, "ascii"},     CollationRun{66, 66, "cp1250"},
    CollationRun{67, 67, "cp1256"},    CollationRun{68, 68, "cp866"},
    CollationRun{69, 69, "dec8"},      CollationRun{70, 70, "greek"},
    CollationRun{71, 71, "hebrew"},    CollationRun{72, 72, "hp8"},
    CollationRun{73, 73, "keybcs2"},   CollationRun{74, 74, "koi8r"},
    CollationRun{75, 75, "koi8u"},     CollationRun{76, 76, "utf8"},
    CollationRun{77, 77, "latin2"},    CollationRun{78, 78, "latin5"},
    CollationRun{79, 79, "latin7"},    CollationRun{80, 80, "cp850"},
    CollationRun{81, 81, "cp852"},     CollationRun{82, 82, "swe7"},
    CollationRun{83, 83, "utf8"},      CollationRun{84, 84, "big5"},
    CollationRun{85, 85, "euckr"},     CollationRun{86, 86, "gb2312"},
    CollationRun{87, 87, "gbk"},       CollationRun{88, 88, "sjis"},
    CollationRun{89, 89, "tis620"},    CollationRun{90, 90, "ucs2"},
    CollationRun{91, 91, "ujis"},      CollationRun{92, 93, "geostd8"},
    CollationRun{94, 94, "latin1"},    CollationRun{95, 96, "cp932"},
    CollationRun{97, 98, "eucjpms"},   CollationRun{99, 99, "cp1250"},
    CollationRun{101, 124, "utf16"},   CollationRun{128, 151, "ucs2"},
    CollationRun{159, 159, "ucs2"},    CollationRun{160, 183, "utf32"},
    CollationRun{192, 215, "utf8"},    CollationRun{223, 223, "utf8"},
    CollationRun{224, 247, "utf8mb4"}, CollationRun{248, 250, "gb18030"},
    CollationRun{255, 323, "utf8mb4"},
};

// GB 18030 counts its codes of four bytes through; from this one on they are Unicode's
// supplementary planes in order.
constexpr std::uint32_t first_supplementary = 189000, four_byte_codes = 39420 + 1;
constexpr std::uint32_t rows_of_94 = 94, first_of_94 = 0xA1;

std::uint32_t four_byte_index(std::uint32_t code) {
  const auto byte = [code](unsigned shift) { return code >> shift & 0xFFU; };
  return (((byte(24) - 0x81) * 10 + byte(16) - 0x30) * 126 + byte(8) - 0x81) * 10 + byte(0) - 0x30;
}
std::uint32_t four_byte_code(std::uint32_t index) {
  const std::uint32_t last = index % 10, third = index / 10 % 126, second = index / 1260 % 10;
  return (index / 12600 + 0x81) << 24U | (second + 0x30) << 16U | (third + 0x81) << 8U |
         (last + 0x30);
}

// One character of the C library's table.
class Iconv {
 public:
  explicit Iconv(std::string_view name)
      : descriptor_(iconv_open("UTF-32LE", std::string(name).c_str())),
        // What iconv_open() gives for a failure, in the type it gives it in.
        is_open_(std::bit_cast<std::intptr_t>(descriptor_) != -1) {}
  Iconv(const Iconv&) = delete;
  Iconv& operator=(const Iconv&) = delete;
  ~Iconv() {
    if (is_open_) iconv_close(descriptor_);
  }
  bool is_open() const { return is_open_; }

  // nullopt: none, or several.
  std::optional<std::uint32_t> character(std::uint32_t code, std::size_t bytes) {
    std::array<char, 4> in{};
    std::array<char, 32> out{};
    for (std::size_t i = 0; i < bytes; ++i)
      in[i] = static_cast<char>(code >> 8 * (bytes - 1 - i) & 0xFFU);
    char *from = in.data(), *to = out.data();
    std::size_t in_left = bytes, out_left = out.size();
    iconv(descriptor_, nullptr, nullptr, nullptr, nullptr);
    if (iconv(descriptor_, &from, &in_left, &to, &out_left) != 0) return std::nullopt;
    if (iconv(descriptor_, nullptr, nullptr, &to, &out_left) != 0) return std::nullopt;
    if (in_left != 0 || out.size() - out_left != sizeof(std::uint32_t)) return std::nullopt;
    std::uint32_t character = 0;
    std::memcpy(&character, out.data(), sizeof character);
    return character;
  }

 private:
  iconv_t descriptor_;
  bool is_open_;
};

std::uint32_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

}  // namespace

std::string_view CharacterSet::name_of(std::uint32_t collation) {
  const auto* const found = std::ranges::find_if(collation_runs, [&](const CollationRun& run) {
    return run.first <= collation && collation <= run.last;
  });
  return found == collation_runs.end() ? std::string_view() : found->set;
}

Result<const CharacterSet*> CharacterSet::find(std::string_view name) {
  using Made = std::map<std::string, std::unique_ptr<const CharacterSet>, std::less<>>;
  static Guarded<Made> made;
  const std::string lower = ascii_lower(name);
  return made.with([&](Made& sets) -> Result<const CharacterSet*> {
    std::unique_ptr<const CharacterSet>& set = sets[lower];
    if (set == nullptr) set = std::make_unique<const CharacterSet>(TRY(make(lower)));
    return set.get();
  });
}

Result<std::string> CharacterSet::to_utf8(std::uint32_t collation, std::string_view bytes) {
  if (collation == 0 || name_of(collation) == "binary") return std::string(bytes);
  if (name_of(collation).empty())
    return fail(Error(ErrorCode::not_supported, Side::source, Retry::never,
                      fmt::format("the log has a text under collation {}, which is not known: it "
                                  "is none of MySQL's up to 9",
                                  collation)));
  const CharacterSet& set = *TRY(find(name_of(collation)));
  std::string text(room(bytes.size()), '\0');
  const char* const end = set.write_utf8_or_marks(text.data(), bytes);
  text.resize(static_cast<std::size_t>(end - text.data()));
  return text;
}

Result<CharacterSet> CharacterSet::make(std::string_view name) {
  const auto* const known = std::ranges::find(known_sets, name, &Known::name);
  if (known == known_sets.end())
    return fail(Error(ErrorCode::not_supported, Side::source, Retry::never,
                      fmt::format("'{}' is no character set of MySQL", name)));
  Form form = Form::table;
  if (name.starts_with("utf8")) form = Form::utf8;
  if (name == "ucs2") form = Form::ucs2;
  if (name == "utf16") form = Form::utf16;
  if (name == "utf16le") form = Form::utf16le;
  if (name == "utf32") form = Form::utf32;
  CharacterSet set(known->name, known->longest, form);
  if (form == Form::table) TRY(set.fill(known->iconv_name));
  return set;
}

Result<void> CharacterSet::fill(std::string_view iconv_name) {
  Iconv table(iconv_name);
  if (!table.is_open())
    return fail(Error(ErrorCode::not_supported, Side::local, Retry::never,
                      fmt::format("the C library here has no table {}, by which characters of {} "
                                  "are read: install the package with all its gconv modules",
                                  iconv_name, name_)));
  for (std::uint32_t code = 0; code < one_.size(); ++code)
    one_[code] = table.character(code, 1).value_or(none);
  if (longest_ > 1) {
    constexpr std::uint32_t first = 0x8000, last = 0xFFFF;
    two_.resize(last - first + 1);
    for (std::uint32_t code = first; code <= last; ++code)
      two_[code - first] = table.character(code, 2).value_or(none);
  }
  if (longest_ == 3) {
    for (std::uint32_t i = 0; i < rows_of_94 * rows_of_94; ++i) {
      const std::uint32_t code =
          0x8F0000U | (i / rows_of_94 + first_of_94) << 8U | (i % rows_of_94 + first_of_94);
      three_.push_back(table.character(code, 3).value_or(none));
    }
  }
  if (longest_ == 4) {
    for (std::uint32_t i = 0; i < four_byte_codes; ++i)
      four_.push_back(table.character(four_byte_code(i), 4).value_or(none));
  }
  for (const Difference& each : differences) {
    if (each.set != name_) continue;
    for (std::uint32_t i = 0; i < each.count; ++i) {
      if (std::uint32_t* const at = slot(each.code + i))
        *at = each.character == 0 ? none : each.character + i;
    }
  }
  has_ascii_ = true;
  for (std::uint32_t code = 0; code < 0x80; ++code) has_ascii_ = has_ascii_ && one_[code] == code;
  return {};
}

std::uint32_t* CharacterSet::slot(std::uint32_t code) {
  if (code < one_.size()) return &one_[code];
  if (code < 0x10000) return &two_[code - 0x8000];
  if (code < 0x1000000)
    return &three_[((code >> 8U & 0xFFU) - first_of_94) * rows_of_94 + (code & 0xFFU) -
                   first_of_94];
  const std::uint32_t index = four_byte_index(code);
  return index < four_.size() ? &four_[index] : nullptr;
}

CharacterSet::Read CharacterSet::read_table(std::string_view bytes) const {
  const std::uint32_t lead = byte_at(bytes, 0);
  if (one_[lead] != none) return {one_[lead], 1};
  if (lead < 0x80 || longest_ == 1 || bytes.size() < 2) return {none, 0};
  const std::uint32_t second = byte_at(bytes, 1);
  if (longest_ == 3 && lead == 0x8F) {
    if (bytes.size() < 3) return {none, 0};
    const std::uint32_t third = byte_at(bytes, 2);
    const std::uint32_t row = second - first_of_94, cell = third - first_of_94;
    if (row >= rows_of_94 || cell >= rows_of_94) return {none, 0};
    return {three_[row * rows_of_94 + cell], 3};
  }
  if (longest_ == 4 && second >= 0x30 && second <= 0x39) {
    if (bytes.size() < 4 || lead < 0x81 || lead > 0xFE) return {none, 0};
    const std::uint32_t third = byte_at(bytes, 2), fourth = byte_at(bytes, 3);
    if (third < 0x81 || third > 0xFE || fourth < 0x30 || fourth > 0x39) return {none, 0};
    const std::uint32_t index = four_byte_index(lead << 24U | second << 16U | third << 8U | fourth);
    if (index < four_.size()) return {four_[index], 4};
    const std::uint32_t character = index - first_supplementary + 0x10000;
    return {index >= first_supplementary && character <= 0x10FFFF ? character : none, 4};
  }
  return {two_[(lead << 8U | second) - 0x8000], 2};
}

CharacterSet::Read CharacterSet::read(std::string_view bytes) const {
  if (form_ == Form::table) return read_table(bytes);
  if (form_ == Form::utf32) {
    if (bytes.size() < 4) return {none, 0};
    const std::uint32_t character = byte_at(bytes, 0) << 24U | byte_at(bytes, 1) << 16U |
                                    byte_at(bytes, 2) << 8U | byte_at(bytes, 3);
    return {character <= 0x10FFFF ? character : none, 4};
  }
  const std::size_t high = form_ == Form::utf16le ? 1 : 0;
  const auto unit = [&](std::size_t at) {
    return byte_at(bytes, at + high) << 8U | byte_at(bytes, at + 1 - high);
  };
  if (bytes.size() < 2) return {none, 0};
  const std::uint32_t first = unit(0);
  if (form_ == Form::ucs2 || first < 0xD800 || first > 0xDFFF) return {first, 2};
  if (first > 0xDBFF || bytes.size() < 4) return {none, 0};
  const std::uint32_t second = unit(2);
  if (second < 0xDC00 || second > 0xDFFF) return {none, 0};
  return {0x10000 + ((first & 0x3FFU) << 10U) + (second & 0x3FFU), 4};
}

template <typename Unreadable>
char* CharacterSet::write(char* to, std::string_view bytes, Unreadable unreadable) const {
  while (!bytes.empty()) {
    if (has_ascii_) {
      constexpr std::uint64_t high_bits = 0x8080808080808080;
      std::size_t plain = 0;
      for (std::uint64_t word = 0; plain + sizeof word <= bytes.size(); plain += sizeof word) {
        std::memcpy(&word, bytes.data() + plain, sizeof word);
        if ((word & high_bits) != 0) break;
      }
      while (plain < bytes.size() && byte_at(bytes, plain) < 0x80) ++plain;
      std::memcpy(to, bytes.data(), plain);
      to += plain;
      bytes.remove_prefix(plain);
      if (bytes.empty()) break;
    }
    const Read one = read(bytes);
    if (one.bytes != 0 && one.character != none) {
      to = put_utf8(to, one.character);
    } else if (!unreadable(to)) {
      return nullptr;
    }
    bytes.remove_prefix(std::max<std::size_t>(one.bytes, 1));
  }
  return to;
}

char* CharacterSet::write_utf8(char* to, std::string_view bytes) const {
  if (form_ == Form::utf8) {
    std::memcpy(to, bytes.data(), bytes.size());
    return to + bytes.size();
  }
  return write(to, bytes, [](char*) { return false; });
}

char* CharacterSet::write_utf8_or_marks(char* to, std::string_view bytes) const {
  if (form_ == Form::utf8) return write_utf8(to, bytes);
  return write(to, bytes, [](char*& at) {
    *at++ = '?';
    return true;
  });
}

}  // namespace tideway
