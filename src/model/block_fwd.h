#pragma once

namespace tideway {
class Block;
struct Rows;
struct Cell;
}  // namespace tideway
