#include "route/decimal.h"

#include <algorithm>
#include <charconv>

namespace tideway {
namespace {

constexpr int word_digits = 9;
constexpr std::size_t most_digits = 81;
constexpr int most_scale = 60;

int rounded_up(int digits) { return (digits + word_digits - 1) / word_digits * word_digits; }

}  // namespace

Decimal Decimal::of(std::uint64_t magnitude, bool is_negative) {
  Decimal made;
  for (std::size_t i = 0; magnitude != 0; ++i, magnitude /= limb_base)
    made.limbs_[i] = static_cast<std::uint32_t>(magnitude % limb_base);
  made.is_negative_ = is_negative;
  return made;
}

std::optional<Decimal> Decimal::parse(std::string_view text) {
  Decimal made;
  if (text.starts_with('-') || text.starts_with('+')) {
    made.is_negative_ = text.front() == '-';
    text.remove_prefix(1);
  }
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::size_t digits = text.size() - (point < text.size() ? 1 : 0);
  if (digits == 0 || digits > most_digits) return std::nullopt;
  for (const char c : text) {
    if (c == '.') continue;
    if (c < '0' || c > '9') return std::nullopt;
    if (!multiply_by(made.limbs_, 10)) return std::nullopt;
    made.limbs_[0] += static_cast<std::uint32_t>(c - '0');
  }
  if (text.find('.', point + 1) != std::string_view::npos && point < text.size())
    return std::nullopt;
  made.scale_ = point < text.size() ? static_cast<int>(text.size() - point - 1) : 0;
  return made;
}

bool Decimal::is_zero() const {
  return std::ranges::all_of(limbs_, [](std::uint32_t limb) { return limb == 0; });
}

int Decimal::compare_limbs(const Limbs& one, const Limbs& other) {
  for (std::size_t i = limb_count; i-- > 0;) {
    if (one[i] != other[i]) return one[i] < other[i] ? -1 : 1;
  }
  return 0;
}

bool Decimal::add_to(Limbs& one, const Limbs& other) {
  std::uint32_t carry = 0;
  for (std::size_t i = 0; i < limb_count; ++i) {
    const std::uint32_t sum = one[i] + other[i] + carry;
    carry = sum >= limb_base ? 1 : 0;
    one[i] = sum - carry * limb_base;
  }
  return carry == 0;
}

void Decimal::subtract_from(Limbs& one, const Limbs& smaller) {
  std::uint32_t borrow = 0;
  for (std::size_t i = 0; i < limb_count; ++i) {
    const std::uint32_t taken = smaller[i] + borrow;
    borrow = one[i] < taken ? 1 : 0;
    one[i] = one[i] + borrow * limb_base - taken;
  }
}

bool Decimal::multiply_by(Limbs& limbs, std::uint32_t factor) {
  std::uint64_t carry = 0;
  for (std::uint32_t& limb : limbs) {
    const std::uint64_t product = std::uint64_t{limb} * factor + carry;
    limb = static_cast<std::uint32_t>(product % limb_base);
    carry = product / limb_base;
  }
  return carry == 0;
}

std::uint32_t Decimal::divide_by(Limbs& limbs, std::uint32_t divisor) {
  std::uint64_t rest = 0;
  for (std::size_t i = limb_count; i-- > 0;) {
    const std::uint64_t value = rest * limb_base + limbs[i];
    limbs[i] = static_cast<std::uint32_t>(value / divisor);
    rest = value % divisor;
  }
  return static_cast<std::uint32_t>(rest);
}

bool Decimal::shift_up(Limbs& limbs, int digits) {
  for (; digits > 0; --digits) {
    if (!multiply_by(limbs, 10)) return false;
  }
  return true;
}

// School division: each digit of the quotient, of base 10^9, is found by halving.
Decimal::Limbs Decimal::divide(Limbs& rest, const Limbs& divisor) {
  Limbs quotient{}, current{};
  for (std::size_t i = limb_count; i-- > 0;) {
    std::copy_backward(current.begin(), current.end() - 1, current.end());
    current[0] = rest[i];
    std::uint32_t low = 0, high = limb_base - 1;
    while (low < high) {
      const std::uint32_t middle = low + (high - low + 1) / 2;
      Limbs product = divisor;
      if (multiply_by(product, middle) && compare_limbs(product, current) <= 0) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    quotient[i] = low;
    Limbs product = divisor;
    multiply_by(product, low);
    subtract_from(current, product);
  }
  rest = current;
  return quotient;
}

bool Decimal::align(Decimal& other) {
  if (scale_ < other.scale_) {
    if (!shift_up(limbs_, other.scale_ - scale_)) return false;
    scale_ = other.scale_;
  } else if (other.scale_ < scale_) {
    if (!shift_up(other.limbs_, scale_ - other.scale_)) return false;
    other.scale_ = scale_;
  }
  return true;
}

int Decimal::compare(const Decimal& other) const {
  if (is_negative() != other.is_negative()) return is_negative() ? -1 : 1;
  Decimal one = *this, two = other;
  int order = 0;
  if (one.align(two)) {
    order = compare_limbs(one.limbs_, two.limbs_);
  } else {  // one overflowed on the way to the other's scale: it is the larger
    order = scale_ < other.scale_ ? 1 : -1;
  }
  return is_negative() ? -order : order;
}

Decimal Decimal::negated() const {
  Decimal made = *this;
  made.is_negative_ = !is_negative_;
  return made;
}

std::optional<Decimal> Decimal::plus(const Decimal& other) const {
  Decimal one = *this, two = other;
  if (!one.align(two)) return std::nullopt;
  if (one.is_negative_ == two.is_negative_) {
    if (!add_to(one.limbs_, two.limbs_)) return std::nullopt;
    return one;
  }
  if (compare_limbs(one.limbs_, two.limbs_) < 0) std::swap(one, two);
  subtract_from(one.limbs_, two.limbs_);
  return one;
}

std::optional<Decimal> Decimal::times(const Decimal& other) const {
  Decimal made;
  for (std::size_t i = limb_count; i-- > 0;) {
    if (made.limbs_.back() != 0) return std::nullopt;
    std::copy_backward(made.limbs_.begin(), made.limbs_.end() - 1, made.limbs_.end());
    made.limbs_[0] = 0;
    Limbs part = limbs_;
    if (!multiply_by(part, other.limbs_[i]) || !add_to(made.limbs_, part)) return std::nullopt;
  }
  made.scale_ = scale_ + other.scale_;
  made.is_negative_ = is_negative_ != other.is_negative_;
  return made.scale_ > 30 ? made.with_scale(30, Cut::half_up) : made;
}

std::optional<Decimal> Decimal::over(const Decimal& other, int more) const {
  const int ours = rounded_up(scale_), theirs = rounded_up(other.scale_);
  const int increment = std::max(0, more - (ours - scale_ + theirs - other.scale_));
  const int scale = std::min(most_scale, rounded_up(ours + theirs + increment));
  Decimal made = *this;
  const int shift = scale - scale_ + other.scale_;
  if (!shift_up(made.limbs_, shift)) return std::nullopt;
  made.limbs_ = divide(made.limbs_, other.limbs_);
  made.scale_ = scale;
  made.is_negative_ = is_negative_ != other.is_negative_;
  return made;
}

std::optional<Decimal> Decimal::remainder(const Decimal& other) const {
  Decimal one = *this, two = other;
  if (!one.align(two)) return std::nullopt;
  divide(one.limbs_, two.limbs_);
  return one;
}

Decimal Decimal::with_scale(int scale, Cut cut) const {
  Decimal made = *this;
  std::uint32_t last = 0;
  for (; made.scale_ > scale; --made.scale_) last = divide_by(made.limbs_, 10);
  if (cut == Cut::half_up && last >= 5) add_to(made.limbs_, Limbs{1});
  for (; made.scale_ < 0; ++made.scale_) multiply_by(made.limbs_, 10);
  return made;
}

std::optional<std::uint64_t> Decimal::magnitude() const {
  Decimal whole = with_scale(0, Cut::toward_zero);
  std::uint64_t value = 0;
  for (std::size_t i = limb_count; i-- > 0;) {
    const auto wide = static_cast<unsigned __int128>(value) * limb_base + whole.limbs_[i];
    if (wide > UINT64_MAX) return std::nullopt;
    value = static_cast<std::uint64_t>(wide);
  }
  return value;
}

std::string Decimal::to_text() const {
  Limbs left = limbs_;
  std::string digits;
  const auto is_left = [&left] {
    return std::ranges::any_of(left, [](std::uint32_t limb) { return limb != 0; });
  };
  for (int i = 0; i <= scale_ || is_left(); ++i) {
    if (i == scale_ && i != 0) digits += '.';
    digits += static_cast<char>('0' + divide_by(left, 10));
  }
  if (is_negative()) digits += '-';
  std::ranges::reverse(digits);
  return digits;
}

double Decimal::to_double() const {
  const std::string text = to_text();
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace tideway
