-- Remember that an attribute carries a layer's version or a segment's value.
INSERT INTO roles VALUES ($role, $layer, $attribute, $rank)
