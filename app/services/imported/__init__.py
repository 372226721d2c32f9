"""What imports of products and distributors created and changed, and how that is taken back."""
