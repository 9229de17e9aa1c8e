"""Real servers, a cruel network and an independent judge for the tests of whole programs."""
