import { type Place, type Prices, viewOf } from "./outlook";

/** Places as they look without their limits, or with prices: the same lists of places give the same lists of views. */
export class Views {
  private readonly lists = new Map<readonly Place[], readonly Place[]>();
  private readonly views = new Map<Place, Place>();

  constructor(
    private readonly isLimited: boolean,
    private readonly prices: ReadonlyMap<Place, Prices> = new Map(),
  ) {}

  of(places: readonly Place[]): readonly Place[] {
    const known = this.lists.get(places);
    if (known) return known;
    const list = places.map((place) => {
      const view = this.views.get(place) ?? viewOf(place, this.isLimited, this.prices.get(place) ?? null);
      this.views.set(place, view);
      return view;
    });
    this.lists.set(places, list);
    return list;
  }
}
