/** Starts everything; the data stands in the page as JSON. */
{
  const root = document.querySelector(".map");
  root.hidden = false;
  const data = JSON.parse(document.getElementById("map-data").textContent);
  const map = new PictureMap(root, data);
  listen(root, map);
  buildLegend(root.querySelector(".legend"), map);
  root.dataset.points = String(map.points.count);
}
