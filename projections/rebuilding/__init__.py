"""Views built anew beside those that are served: filled, compared, swapped; and single streams mended."""
