-- What may be kept of what people typed: the patterns that nothing stored may match, and whether questions and answers are stored at all.
SET VARIABLE protection = {
    secrets: $secrets, addresses: $addresses, cards: $cards, sensitive: $sensitive, secret_names: $secret_names, content: $content
}
